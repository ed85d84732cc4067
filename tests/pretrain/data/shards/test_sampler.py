from pathlib import Path

import pytest
import torch

from pretrain.data.corpus import to_float
from pretrain.data.sampler import CropBatch
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.data.shards.manifest import read_manifest
from pretrain.data.shards.sampler import AHEAD, ShardSampler
from pretrain.data.share import BatchShard
from pretrain.views.mixing import mix_clips

CROP, GRID, BATCH = 5120, 640, 8


def sampler(shards: Path, share: BatchShard | None = None, seed: int = 0) -> ShardSampler:
    corpus = ShardCorpus(read_manifest(shards))
    return ShardSampler(corpus, BATCH, CROP, GRID, 3, seed, share=share)


def places(clip: torch.Tensor, crop: torch.Tensor) -> list[int]:
    """Where a crop is in its clip, by the sample that it starts with."""
    length = min(len(clip), len(crop))
    starts = (clip == crop[0]).nonzero().flatten().tolist()
    return [s for s in starts if torch.equal(clip[s : s + length], crop[:length])]


def equal(first: CropBatch, second: CropBatch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_crops_are_pieces_of_their_clips_and_partners_lie_on_the_grid(shards: Path) -> None:
    draws, seen = sampler(shards), set()
    for step in range(7):
        batch = draws.draw(step)
        assert batch.clips.tolist() == draws.order.clips(step).tolist()
        for row, index in enumerate(batch.clips.tolist()):
            clip = to_float(draws.corpus.clip(index))
            length = min(len(clip), CROP)
            assert int(batch.lengths[row]) == length
            starts = [places(clip, x[row]) for x in (batch.anchor, batch.positive, batch.partner)]
            assert all(len(found) == 1 for found in starts)
            assert starts[2][0] - starts[0][0] == GRID * int(batch.offsets[row])
            assert (batch.anchor[row, length:] == 0).all()
            seen.add(int(batch.offsets[row]))
    assert seen == set(range(-3, 4))


def test_a_run_that_goes_on_in_mid_epoch_sees_what_it_would_have_seen(shards: Path) -> None:
    going = sampler(shards)
    for step in range(8):  # 3 batches an epoch
        batch = going.draw(step)
        second = going.mixture_crops(step, batch.offsets)
        behind = going.backgrounds(step, 3)
        fresh = sampler(shards)
        if step in (1, 4, 7):
            assert equal(fresh.draw(step), batch)
            again = fresh.mixture_crops(step, batch.offsets)
            assert all(torch.equal(a, b) for a, b in zip(again, second, strict=True))
            assert torch.equal(fresh.backgrounds(step, 3), behind)
    assert not equal(sampler(shards, seed=1).draw(7), batch)


def mixed(batch: CropBatch, draws: ShardSampler, step: int) -> CropBatch:
    seconds = draws.mixture_crops(step, batch.offsets)
    generator = torch.Generator().manual_seed(step)
    return mix_clips(batch, seconds, 0.5, generator, draws.share)


@pytest.mark.parametrize("ranks", [2, 4])
def test_shares_of_several_processes_are_the_batch_of_one(shards: Path, ranks: int) -> None:
    whole = sampler(shards)
    parts = [sampler(shards, BatchShard(BATCH, rank, ranks)) for rank in range(ranks)]
    for step in range(4):
        batch = whole.draw(step)
        shares = [part.draw(step) for part in parts]
        assert equal(CropBatch(*(torch.cat(x) for x in zip(*shares, strict=True))), batch)
        joint = mixed(batch, whole, step)
        mixtures = [mixed(x, p, step) for x, p in zip(shares, parts, strict=True)]
        assert equal(CropBatch(*(torch.cat(x) for x in zip(*mixtures, strict=True))), joint)
        behind = torch.cat([part.backgrounds(step, 2) for part in parts], dim=1)
        assert torch.equal(behind, whole.backgrounds(step, 2))
    clips = [set(part.decoded) for part in parts]
    assert all(a.isdisjoint(b) for i, a in enumerate(clips) for b in clips[:i])


def test_second_sounds_are_crops_of_the_batches_ahead(shards: Path) -> None:
    draws = sampler(shards)
    batch = draws.draw(2)
    anchors, positives, partners = draws.mixture_crops(2, batch.offsets)
    ahead = {c for a in range(1, AHEAD + 1) for c in draws.order.clips(2 + a).tolist()}
    clips = {index: to_float(draws.corpus.clip(index)) for index in ahead}
    for row, offset in enumerate(batch.offsets.tolist()):
        found = {i: places(clip, positives[row]) for i, clip in clips.items()}
        found = {i: place for i, place in found.items() if place}
        assert len(found) == 1
        shift = offset * GRID
        anchor, partner = anchors[row], partners[row]
        overlap = anchor[max(shift, 0) : CROP + min(shift, 0)]
        moved = partner[max(-shift, 0) : CROP - max(shift, 0)]
        # Where the moved crop leaves the clip there are zeros: compare what both have.
        inside = (overlap != 0) & (moved != 0)
        assert inside.any() and torch.equal(overlap[inside], moved[inside])


def test_only_the_batches_ahead_are_in_memory(shards: Path) -> None:
    draws = sampler(shards)
    for step in range(9):
        draws.draw(step)
        assert len(draws.decoded) <= (AHEAD + 1) * BATCH
        assert {key[0] for key in draws.decoded} == set(range(step, step + AHEAD + 1))
