import numpy as np
import pytest

from pretrain.data.shards.sampler import ShardOrder

SHARD_OF = np.repeat(np.arange(20), [10] * 19 + [3])  # 193 clips


def epoch_of(order: ShardOrder, epoch: int) -> np.ndarray:
    """Shape (batches, batch size)."""
    first = epoch * order.batches_per_epoch
    return np.stack([order.clips(first + i) for i in range(order.batches_per_epoch)])


@pytest.mark.parametrize("batch_size", [1, 6, 8, 48])
def test_no_clip_comes_twice_in_an_epoch_and_few_are_left_over(batch_size: int) -> None:
    order = ShardOrder(SHARD_OF, batch_size, seed=1)
    assert order.batches_per_epoch == 193 // batch_size
    for epoch in range(3):
        clips = epoch_of(order, epoch).ravel()
        assert len(set(clips.tolist())) == len(clips) == 193 // batch_size * batch_size
        assert clips.min() >= 0 and clips.max() < 193


def test_left_over_clips_are_others_each_time_and_orders_differ() -> None:
    order = ShardOrder(SHARD_OF, 48, seed=1)
    left = [frozenset(range(193)) - set(epoch_of(order, epoch).ravel()) for epoch in range(8)]
    assert len(set(left)) > 1
    assert not np.array_equal(epoch_of(order, 0), epoch_of(order, 1))
    other = ShardOrder(SHARD_OF, 48, seed=2)
    assert not np.array_equal(epoch_of(order, 0), epoch_of(other, 0))


def test_any_step_can_be_told_without_those_before() -> None:
    going = ShardOrder(SHARD_OF, 8, seed=3)
    batches = [going.clips(step) for step in range(60)]
    for step in (59, 31, 24, 0):
        np.testing.assert_array_equal(ShardOrder(SHARD_OF, 8, seed=3).clips(step), batches[step])


@pytest.mark.parametrize("ranks", [2, 4])
def test_processes_that_share_a_batch_read_different_shards(ranks: int) -> None:
    batches = epoch_of(ShardOrder(SHARD_OF, 16, seed=0), 0)
    shards = [set(SHARD_OF[rows].ravel()) for rows in np.split(batches, ranks, axis=1)]
    shared = sum(len(a & b) for i, a in enumerate(shards) for b in shards[:i])
    assert shared <= ranks - 1  # those where two lanes meet
    assert all(len(own) <= 20 / ranks + 2 for own in shards)


def test_a_lane_reads_its_shards_from_front_to_back_but_for_the_buffer() -> None:
    order = ShardOrder(np.repeat(np.arange(100), 10), 4, seed=0, buffer=80)
    for lane in epoch_of(order, 0).reshape(-1, 4).T:
        for start in range(0, len(lane), 20):
            assert len(set(lane[start : start + 20] // 10)) <= 3  # 20 clips of shards of 10
        shards = [shard for i, shard in enumerate(lane // 10) if shard not in lane[:i] // 10]
        assert shards != sorted(shards)


def test_clips_of_a_buffer_are_shuffled_evenly() -> None:
    """Where the first clip of a shard comes in its buffer: uniform, by chi squared."""
    counts = np.zeros(10)
    for seed in range(500):
        order = ShardOrder(np.repeat(np.arange(2), 10), 1, seed, buffer=10)
        counts[list(order.lines(0)[0]).index(0) % 10] += 1
    assert ((counts - 50) ** 2 / 50).sum() < 27.9  # 99.9 % of 9 degrees of freedom


def test_fewer_clips_than_a_batch_are_refused() -> None:
    with pytest.raises(ValueError, match="193 clips, fewer than a batch of 194"):
        ShardOrder(SHARD_OF, 194, seed=0)
