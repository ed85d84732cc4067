import math

import pytest
import torch
from torch import Tensor

from pretrain.losses.frame_loss import frame_loss, other_clips


def by_hand(
    logits: Tensor,
    queries: list[int],
    keys: list[int],
    offsets: list[int],
    radius: int,
    tolerance: int,
) -> float:
    losses = []
    for b in range(len(logits)):
        for t in range(queries[b]):
            positives, kept = [], []
            for u in range(keys[b]):
                distance = abs(t - (u + offsets[b]))
                if distance <= radius:
                    positives.append(u)
                if distance <= radius or distance > radius + tolerance:
                    kept.append(u)
            if not positives:
                continue
            total = sum(math.exp(float(logits[b, t, u])) for u in kept)
            shares = [math.log(math.exp(float(logits[b, t, u])) / total) for u in positives]
            losses.append(-sum(shares) / len(shares))
    return sum(losses) / len(losses)


@pytest.mark.parametrize(("radius", "tolerance"), [(0, 0), (1, 0), (0, 2), (1, 1)])
def test_equals_a_manual_loop(radius: int, tolerance: int) -> None:
    logits = torch.randn(3, 7, 7, dtype=torch.float64)
    queries, keys, offsets = [7, 5, 7], [7, 5, 6], [0, -2, 3]
    result = frame_loss(
        logits,
        torch.tensor(queries),
        torch.tensor(keys),
        torch.tensor(offsets),
        radius,
        tolerance,
    )
    expected = by_hand(logits, queries, keys, offsets, radius, tolerance)
    assert math.isclose(float(result.loss), expected, rel_tol=1e-10)


def test_padding_has_no_influence_and_no_gradient() -> None:
    logits = torch.randn(2, 6, 6, requires_grad=True)
    lengths, offsets = torch.tensor([6, 4]), torch.tensor([0, 1])
    frame_loss(logits, lengths, lengths, offsets).loss.backward()
    gradient = logits.grad
    assert gradient is not None and gradient.isfinite().all()
    assert (gradient[1, 4:] == 0).all() and (gradient[1, :, 4:] == 0).all()
    # A query at a time that the other view does not cover has no positive.
    assert (gradient[1, 0] == 0).all()


def test_tolerated_neighbours_have_no_gradient() -> None:
    logits = torch.randn(1, 5, 5, requires_grad=True)
    lengths, offsets = torch.tensor([5]), torch.tensor([0])
    frame_loss(logits, lengths, lengths, offsets, 0, 1).loss.backward()
    gradient = logits.grad
    assert gradient is not None
    distances = (torch.arange(5)[:, None] - torch.arange(5)).abs()
    assert (gradient[0][distances == 1] == 0).all()
    assert (gradient[0][distances > 1] > 0).all()


def test_the_shared_time_grid_counts_and_not_the_position() -> None:
    # View b starts two frames later: its position 0 is the same sound as position 2 of view a.
    sounds = torch.nn.functional.one_hot(torch.arange(8), 8).float() * 20
    logits = (sounds[:6] @ sounds[2:].T)[None]
    lengths = torch.tensor([6])
    right = frame_loss(logits, lengths, lengths, torch.tensor([2]))
    wrong = frame_loss(logits, lengths, lengths, torch.tensor([0]))
    assert float(right.loss) < 1e-6 and float(right.accuracy) == 1.0
    assert float(wrong.loss) > 10 and float(wrong.accuracy) < 0.2


def test_no_positive_at_all_is_zero_and_not_nan() -> None:
    logits = torch.randn(1, 3, 3, requires_grad=True)
    result = frame_loss(logits, torch.tensor([3]), torch.tensor([3]), torch.tensor([9]))
    result.loss.backward()
    assert float(result.loss.detach()) == 0.0
    assert logits.grad is not None and (logits.grad == 0).all()


def test_one_frame_clips_cost_nothing() -> None:
    length = torch.tensor([1])
    result = frame_loss(torch.randn(1, 4, 4), length, length, torch.tensor([0]))
    assert float(result.loss) == 0.0


def test_frames_of_other_clips_join_the_negatives_as_in_a_manual_loop() -> None:
    batch, frames = 3, 4
    everything = torch.randn(batch, frames, batch, frames, dtype=torch.float64)
    lengths = [4, 2, 3]
    within, others = other_clips(everything, torch.tensor(lengths))
    valid = torch.tensor(lengths)
    result = frame_loss(within, valid, valid, torch.zeros(batch, dtype=torch.long), 0, 1, others)
    losses = []
    for b in range(batch):
        for t in range(lengths[b]):
            total = 0.0
            for c in range(batch):
                for u in range(lengths[c]):
                    if c != b or abs(t - u) != 1:
                        total += math.exp(float(everything[b, t, c, u]))
            losses.append(math.log(total) - float(everything[b, t, b, t]))
    assert math.isclose(float(result.loss), sum(losses) / len(losses), rel_tol=1e-10)
