import math

import torch

from pretrain.losses.clip_loss import clip_loss


def test_equals_a_manual_loop() -> None:
    logits = torch.randn(5, 5, dtype=torch.float64)
    total = 0.0
    for i in range(5):
        exponentials = [math.exp(float(logits[i, j])) for j in range(5)]
        total -= math.log(exponentials[i] / sum(exponentials))
    assert math.isclose(float(clip_loss(logits).loss), total / 5, rel_tol=1e-12)


def test_chance_is_log_batch() -> None:
    assert math.isclose(float(clip_loss(torch.zeros(8, 8)).loss), math.log(8), rel_tol=1e-6)


def test_accuracy_counts_anchors_whose_positive_wins() -> None:
    logits = torch.eye(4)
    logits[0, 2] = 5.0
    assert float(clip_loss(logits).accuracy) == 0.75


def test_does_not_change_when_clips_change_places() -> None:
    logits, order = torch.randn(6, 6), torch.randperm(6)
    torch.testing.assert_close(clip_loss(logits).loss, clip_loss(logits[order][:, order]).loss)


def test_gradient_pulls_positives_and_pushes_negatives() -> None:
    logits = torch.randn(4, 4, requires_grad=True)
    clip_loss(logits).loss.backward()
    gradient = logits.grad
    assert gradient is not None
    assert (gradient.diagonal() < 0).all()
    assert (gradient[~torch.eye(4, dtype=torch.bool)] > 0).all()
