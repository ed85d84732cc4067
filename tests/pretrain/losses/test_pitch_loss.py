import math

import torch

from pretrain.losses.pitch_loss import pitch_loss


def test_equals_a_manual_loop() -> None:
    a, b = torch.randn(3, 6, dtype=torch.float64), torch.randn(3, 6, dtype=torch.float64)
    a_lengths, b_lengths, offsets = [6, 4, 6], [6, 4, 5], [0, 1, -2]
    shifts = [1.5, -3.0, 4.0]
    squares, targets = [], []
    for i in range(3):
        for t in range(a_lengths[i]):
            u = t - offsets[i]
            if 0 <= u < b_lengths[i]:
                squares.append((float(b[i, u] - a[i, t]) - shifts[i] / 3.0) ** 2)
                targets.append((shifts[i] / 3.0) ** 2)
    result = pitch_loss(
        a,
        b,
        torch.tensor(a_lengths),
        torch.tensor(b_lengths),
        torch.tensor(offsets),
        torch.tensor(shifts, dtype=torch.float64),
        max_shift=3.0,
    )
    assert math.isclose(float(result.loss), sum(squares) / len(squares), rel_tol=1e-12)
    assert math.isclose(float(result.r2), 1 - sum(squares) / sum(targets), rel_tol=1e-12)


def test_a_head_that_reads_semitones_is_perfect_and_a_constant_one_explains_nothing() -> None:
    lengths, offsets = torch.tensor([5, 5]), torch.tensor([0, 2])
    shifts = torch.tensor([2.0, -1.0])
    pitch = torch.randn(2, 5)
    aligned = torch.stack([pitch[0], pitch[1].roll(-2)]) + (shifts / 3.0)[:, None]
    perfect = pitch_loss(pitch, aligned, lengths, lengths, offsets, shifts, 3.0)
    assert float(perfect.loss) < 1e-12 and math.isclose(float(perfect.r2), 1.0, abs_tol=1e-6)
    constant = torch.full((2, 5), 0.7)
    blind = pitch_loss(constant, constant, lengths, lengths, offsets, shifts, 3.0)
    assert math.isclose(float(blind.r2), 0.0, abs_tol=1e-6)


def test_padding_has_no_gradient() -> None:
    a, b = torch.randn(1, 6, requires_grad=True), torch.randn(1, 6, requires_grad=True)
    length = torch.tensor([4])
    pitch_loss(a, b, length, length, torch.tensor([1]), torch.tensor([1.0]), 3.0).loss.backward()
    assert a.grad is not None and b.grad is not None
    assert torch.equal(a.grad[0] != 0, torch.tensor([False, True, True, True, False, False]))
    assert torch.equal(b.grad[0] != 0, torch.tensor([True, True, True, False, False, False]))
