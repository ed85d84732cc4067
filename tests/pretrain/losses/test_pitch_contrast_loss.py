import math

import pytest
import torch
from torch import Tensor

from pretrain.losses.pitch_contrast_loss import pitch_contrast_loss


def full(batch: int, frames: int) -> Tensor:
    return torch.full((batch,), frames)


def by_hand(
    a: Tensor, b: Tensor, lengths: list[int], offsets: list[int], shifts: list[int], most: int
) -> float:
    losses = []
    bins = a.shape[2]
    for clip in range(len(a)):
        for t in range(lengths[clip]):
            u = t - offsets[clip]
            if not 0 <= u < lengths[clip]:
                continue
            p, q = a[clip, t].softmax(0), b[clip, u].softmax(0)
            scores = []
            for move in range(-most, most + 1):
                pairs = [(k, k + move) for k in range(bins) if 0 <= k + move < bins]
                scores.append(sum(math.sqrt(p[k] * q[m]) for k, m in pairs) / 0.1)
            total = sum(math.exp(score) for score in scores)
            losses.append(math.log(total) - scores[shifts[clip] + most])
    return sum(losses) / len(losses)


def test_equals_a_manual_loop() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 3, 5, 12, generator=generator, dtype=torch.float64) * 2
    lengths, offsets, shifts = [5, 3, 5], [0, 1, -2], [0, 2, -4]
    valid = torch.tensor(lengths)
    result = pitch_contrast_loss(
        a, b, valid, valid, torch.tensor(offsets), torch.tensor(shifts), 4, 0.1
    )
    assert math.isclose(
        float(result.loss), by_hand(a, b, lengths, offsets, shifts, 4), rel_tol=1e-9
    )


@pytest.mark.parametrize("shift", [-4, -1, 0, 3])
def test_the_same_salience_moved_is_found(shift: int) -> None:
    a = torch.full((2, 6, 40), -5.0)
    a[:, :, 20] = 5.0
    b = a.roll(shift, dims=2)
    lengths, zeros = full(2, 6), torch.zeros(2, dtype=torch.long)
    args = (lengths, lengths, zeros)
    assert float(pitch_contrast_loss(a, b, *args, full(2, shift), 4, 0.1).accuracy) == 1.0
    wrong = pitch_contrast_loss(a, b, *args, full(2, shift + 1), 4, 0.1)
    assert float(wrong.accuracy) == 0.0


def test_flat_salience_is_at_chance() -> None:
    a = torch.zeros(2, 4, 1000)
    lengths, zeros = full(2, 4), torch.zeros(2, dtype=torch.long)
    loss = pitch_contrast_loss(a, a, lengths, lengths, zeros, zeros, 4, 0.1).loss
    assert abs(float(loss) - math.log(9)) < 0.05


def test_a_probability_of_zero_has_a_finite_gradient() -> None:
    """The square root of a softmax that underflows: a run of ours died of it at step 336."""
    a = torch.zeros(1, 1, 10)
    a[..., 0] = 300.0
    a.requires_grad_()
    one, zero = full(1, 1), torch.zeros(1, dtype=torch.long)
    pitch_contrast_loss(a, a.detach(), one, one, zero, zero, 2, 0.1).loss.backward()
    assert a.grad is not None and a.grad.isfinite().all()
