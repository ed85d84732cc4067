"""Instance strategy: a frame at its own pitch against the same frame at another, and other frames.

The pitch loss alone asks how far two views are apart, so it may forget all that is not pitch, and
an untrained pitch branch was better on notes (results/pretraining/attempts). This loss asks for
the frame itself: its pitch has to be told, and its timbre, but not level, response and background.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from pretrain.losses.frame_loss import FrameLoss, other_clips


def instance_loss(
    anchor: Tensor,
    twins: Tensor,
    partner: Tensor,
    lengths: Tensor,
    twin_lengths: Tensor,
    offsets: Tensor,
    shifted: Tensor,
    temperature: float,
    first: int = 0,
) -> FrameLoss:
    """Cross-entropy of each frame of the anchor over candidates; cosine similarity.

    The positive is the twin's frame at the same time: the same sound at the same pitch, with
    another response and background. The negatives are the partner's frame at that time, which is at
    another pitch, and all frames of other clips' twins. Other frames of the same clip are neither:
    a note that lasts is the same frame again.

    Args:
        anchor: Head's numbers, shape (batch, frames, size).
        twins: The same of the twins of the whole batch, which other processes may have a part of,
            shape (joint batch, frames, size).
        partner: The same of the partners, shape (batch, frames, size).
        lengths: Valid frames of anchor and partner, int64, shape (batch,).
        twin_lengths: Valid frames of the twins, int64, shape (joint batch,).
        offsets: Frames by which the partner starts later than the anchor, int64, shape (batch,).
        shifted: Whether the partner is at another pitch; else it is no negative. bool, shape
            (batch,).
        temperature: Divides the cosine.
        first: Index in the joint batch of the first anchor.
    """
    anchor, twins, partner = (F.normalize(x, dim=2) for x in (anchor, twins, partner))
    pairs = (anchor.flatten(0, 1) @ twins.flatten(0, 1).T).view(*anchor.shape[:2], *twins.shape[:2])
    own, others = other_clips(pairs / temperature, twin_lengths, first)

    times = torch.arange(anchor.shape[1], device=anchor.device)
    positions = times - offsets[:, None]
    heard = (positions >= 0) & (positions < lengths[:, None]) & shifted[:, None]
    rows = positions.clamp(0, partner.shape[1] - 1)[:, :, None].expand_as(anchor)
    at_other_pitch = (anchor * partner.gather(1, rows)).sum(dim=2) / temperature
    at_other_pitch = at_other_pitch.masked_fill(~heard, torch.finfo(pairs.dtype).min)

    same = own.diagonal(dim1=1, dim2=2)
    logits = torch.cat([same[..., None], at_other_pitch[..., None], others], dim=2)
    counted = times < lengths[:, None]
    losses = torch.logsumexp(logits, dim=2) - same
    solved = logits.detach().argmax(dim=2) == 0
    return FrameLoss((losses * counted).sum(), (solved & counted).sum(), counted.sum())
