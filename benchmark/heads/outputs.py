"""What a head's outputs mean: loss and probabilities of multiclass and multilabel tasks.

Source: heareval.predictions.task_predictions.FullyConnectedPrediction, OneHotToCrossEntropyLoss.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.tasks.task import PredictionType


def loss_targets(targets: Tensor, prediction_type: PredictionType) -> Tensor:
    """Targets as `head_loss` takes them.

    Args:
        targets: float32 multi-hot, shape (rows, classes).
        prediction_type: Multiclass rows have exactly one 1.

    Returns:
        int64 class indices of shape (rows,) for multiclass, else ``targets``.
    """
    return targets.argmax(dim=1) if prediction_type == "multiclass" else targets


def head_loss(logits: Tensor, targets: Tensor, prediction_type: PredictionType) -> Tensor:
    """Mean cross entropy (multiclass) or mean binary cross entropy (multilabel).

    Args:
        logits: float32, shape (rows, classes).
        targets: From `loss_targets`.
        prediction_type: Kind of task.

    Returns:
        Scalar.
    """
    if prediction_type == "multiclass":
        return functional.cross_entropy(logits, targets)
    return functional.binary_cross_entropy_with_logits(logits, targets)


def probabilities(logits: Tensor, prediction_type: PredictionType) -> Tensor:
    """Softmax over classes (multiclass) or a sigmoid per class (multilabel), the logits' shape."""
    return torch.softmax(logits, dim=1) if prediction_type == "multiclass" else logits.sigmoid()
