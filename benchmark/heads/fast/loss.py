"""The loss of a stack of heads, and its gradients by the logits."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.tasks.task import PredictionType


def stack_loss(logits: Tensor, targets: Tensor, prediction_type: PredictionType) -> Tensor:
    """Sum over heads of each head's mean loss: gradients of one head do not reach another.

    Args:
        logits: float32, shape (heads, classes, rows).
        targets: As `benchmark.heads.outputs.loss_targets` gives them.
        prediction_type: Kind of task.
    """
    heads, classes, rows = logits.shape
    if prediction_type == "multiclass":
        wanted = targets.expand(heads, rows)
        return functional.cross_entropy(logits, wanted, reduction="sum") / rows
    wanted = targets.T.expand(heads, classes, rows)
    total = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")
    return total / (classes * rows)


def loss_gradients(logits: Tensor, targets: Tensor, prediction_type: PredictionType) -> Tensor:
    """Gradients of `stack_loss` by the logits, in their shape.

    On a CPU they are autograd's, to the bit. Elsewhere every operation costs a start, and they are
    written out.
    """
    if logits.device.type != "cpu":
        return written_gradients(logits, targets, prediction_type)
    with torch.enable_grad():
        leaves = logits.detach().requires_grad_()
        (gradients,) = torch.autograd.grad(stack_loss(leaves, targets, prediction_type), leaves)
    return gradients


def written_gradients(logits: Tensor, targets: Tensor, prediction_type: PredictionType) -> Tensor:
    """The same in few operations: probabilities less targets, over the number that is averaged."""
    heads, classes, rows = logits.shape
    if prediction_type == "multiclass":
        minus_one = logits.new_full((1, 1, 1), -1.0).expand(heads, 1, rows)
        less = torch.softmax(logits, dim=1).scatter_add_(
            1, targets.expand(heads, 1, rows), minus_one
        )
        return less.div_(rows)
    return torch.sigmoid(logits).sub_(targets.T).div_(classes * rows)
