"""Clip strategy: two crops of one clip against the crops of the batch's other clips."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class ClipLoss(NamedTuple):
    """The loss and how often it is solved.

    Attributes:
        loss: Scalar, nats. Chance is log(batch).
        accuracy: Scalar: share of anchors whose own positive is the most similar.
    """

    loss: Tensor
    accuracy: Tensor


def clip_loss(logits: Tensor, first: int = 0) -> ClipLoss:
    """Cross-entropy of each anchor over all positives of the batch.

    ``-mean_i log(exp(l_ii) / sum_j exp(l_ij))``: COLA (Saeed et al. 2021, eq. 1). The
    other clips are the negatives; anchors are rows, so the loss has one direction, as in COLA.

    Args:
        logits: Similarity of anchor i (row) and positive j (column), shape (anchors, batch).
        first: Index in the batch of the first anchor, where another process has other anchors.
    """
    targets = torch.arange(first, first + len(logits), device=logits.device)
    loss = nn.functional.cross_entropy(logits, targets)
    accuracy = (logits.detach().argmax(dim=1) == targets).float().mean()
    return ClipLoss(loss, accuracy)
