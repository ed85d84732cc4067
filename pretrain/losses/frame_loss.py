"""Frame strategy: a frame against the frames of another view of the same sound."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pretrain.losses.frame_negatives import OtherFrames


class FrameLoss(NamedTuple):
    """The loss and how often it is solved.

    Sums and not means, so that processes with other numbers of frames can be put together.

    Attributes:
        total: Scalar, nats: sum over the frames that count.
        solved: Scalar: frames whose most similar candidate is a positive.
        frames: Scalar: how many count.
    """

    total: Tensor
    solved: Tensor
    frames: Tensor

    @property
    def loss(self) -> Tensor:
        """Mean, nats; chance is about the logarithm of the number of candidates."""
        return self.total / self.frames.clamp_min(1)

    @property
    def accuracy(self) -> Tensor:
        """Share of frames that are solved."""
        return self.solved / self.frames.clamp_min(1)


def other_clips(logits: Tensor, key_lengths: Tensor, first: int = 0) -> tuple[Tensor, Tensor]:
    """Split the similarities of all frames of a batch into those within a clip and the others.

    Args:
        logits: Of every query frame and every key frame, shape (clips, queries, batch, keys).
        key_lengths: Valid key frames of each clip, int64, shape (batch,).
        first: Index in the batch of the first clip, where another process has other clips.

    Returns:
        Within a clip, shape (clips, queries, keys), and with other clips, shape (clips, queries,
        batch * keys), the most negative float where the key is padding or of the clip itself.
    """
    rows, _, batch, keys = logits.shape
    clips = torch.arange(first, first + rows, device=logits.device)
    padding = torch.arange(keys, device=logits.device) >= key_lengths[:, None]
    own = clips[:, None] == torch.arange(batch, device=logits.device)
    left_out = own[:, None, :, None] | padding[None, None]
    others = logits.masked_fill(left_out, torch.finfo(logits.dtype).min).flatten(2)
    return logits[clips - first, :, clips], others


def frame_loss(
    logits: Tensor,
    query_lengths: Tensor,
    key_lengths: Tensor,
    offsets: Tensor,
    positive_radius: int = 0,
    tolerance: int = 0,
    negatives: Tensor | OtherFrames | None = None,
) -> FrameLoss:
    """Cross-entropy of each frame of view a over the frames of view b of the same clip.

    With d = |t - (t' + offset)| frames between query t and key t': keys with d <= positive_radius
    share the target evenly, keys with positive_radius < d <= positive_radius + tolerance are left
    out of the softmax, the rest are negatives. Queries without any positive do not count.

    The paper's frame-level strategy (Kuroyanagi & Komatsu 2022). The authors' code compares a crop
    with itself, where the diagonal is right by construction. Here the two views differ in pitch,
    response and noise. They also start at different times (``offset``), because positions alone,
    which convolutions learn from the padding at the edges, would solve the task if equal positions
    were always equal times.

    Args:
        logits: Similarity of query t (row) and key t' (column), shape (batch, queries, keys).
        query_lengths: Valid frames of view a, int64, shape (batch,); the rest is padding.
        key_lengths: Valid frames of view b, int64, shape (batch,).
        offsets: Frames by which view b starts later than view a, int64, shape (batch,).
        positive_radius: Frames, 0 or more.
        tolerance: Further neighbours, in frames, that are neither positive nor negative.
        negatives: Similarity of each query to frames of other clips, shape (batch, queries, any);
            the most negative float for those that do not count; or what is needed of them.
    """
    _, queries, keys = logits.shape
    query_times = torch.arange(queries, device=logits.device)
    key_positions = torch.arange(keys, device=logits.device)
    key_times = key_positions + offsets[:, None]
    distances = (query_times[None, :, None] - key_times[:, None, :]).abs()

    valid_keys = (key_positions < key_lengths[:, None])[:, None, :]
    positives = (distances <= positive_radius) & valid_keys
    ignored = (distances <= positive_radius + tolerance) & ~positives
    counted = (query_times < query_lengths[:, None]) & positives.any(dim=2)

    # A finite floor instead of -inf: rows that do not count would otherwise give NaN gradients.
    floor = torch.finfo(logits.dtype).min
    logits = logits.masked_fill(ignored | ~valid_keys, floor)
    if isinstance(negatives, Tensor):
        logits = torch.cat([logits, negatives], dim=2)
        positives = torch.cat([positives, torch.zeros_like(negatives, dtype=torch.bool)], dim=2)
    best = logits.detach().argmax(dim=2, keepdim=True)
    solved = positives.gather(2, best).squeeze(2)
    if isinstance(negatives, OtherFrames):
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        total = torch.logaddexp(logits.logsumexp(dim=2), negatives.log_sum)
        log_shares = logits - total[:, :, None]
        solved &= logits.detach().amax(dim=2) >= negatives.best
    else:
        log_shares = logits.log_softmax(dim=2)
    log_shares = log_shares.masked_fill(~positives, 0.0)
    losses = -log_shares.sum(dim=2) / positives.sum(dim=2).clamp_min(1)
    return FrameLoss((losses * counted).sum(), (solved & counted).sum(), counted.sum())
