"""Pitch strategy, contrastive form: which move along the pitch axis brings two views together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from pretrain.losses.frame_loss import FrameLoss


def pitch_contrast_loss(
    a: Tensor,
    b: Tensor,
    a_lengths: Tensor,
    b_lengths: Tensor,
    offsets: Tensor,
    shift_bins: Tensor,
    most: int,
    temperature: float,
) -> FrameLoss:
    """Cross-entropy over all moves of view b against view a of the same sound.

    Same clip and same pitch is the positive, same clip at another pitch the negative. View b at
    another pitch needs no further encoding: b moved by d bins stands for the sound shifted by d,
    and the loss teaches the head that it does. The similarity is the Bhattacharyya coefficient of
    the two distributions of pitch, the cosine of their square roots.

    Args:
        a: Salience of view a, logits, shape (batch, frames, bins).
        b: The same of view b.
        a_lengths: Valid frames of view a, int64, shape (batch,).
        b_lengths: Valid frames of view b, int64, shape (batch,).
        offsets: Frames by which view b starts later than view a, int64, shape (batch,).
        shift_bins: Pitch of view b minus pitch of view a, bins, int64, shape (batch,).
        most: Largest shift, bins.
        temperature: Divides the similarity.
    """
    times = torch.arange(a.shape[1], device=a.device)
    positions = times - offsets[:, None]
    counted = (times < a_lengths[:, None]) & (positions >= 0) & (positions < b_lengths[:, None])
    rows = positions.clamp(0, b.shape[1] - 1)[:, :, None].expand(-1, -1, b.shape[2])
    root_a, root_b = _root(a), F.pad(_root(b).gather(1, rows), (most, most))
    logits = correlation(root_a, root_b) / temperature
    target = (shift_bins + most)[:, None].expand(logits.shape[:2])
    losses = F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none")
    solved = logits.detach().argmax(dim=2) == target
    total = (losses.view_as(counted) * counted).sum()
    return FrameLoss(total, (solved & counted).sum(), counted.sum())


def correlation(a: Tensor, b: Tensor) -> Tensor:
    """Products of one axis with another at every place where it fits, by the Fourier transform.

    A table of all moves would have 121 times the numbers, and its gradient as many.

    Args:
        a: Shape (..., bins).
        b: Shape (..., positions), at least as many.

    Returns:
        ``sum_k a[..., k] * b[..., d + k]``, at least float32, shape (..., positions - bins + 1).
    """
    positions = b.shape[-1]
    wide = torch.promote_types(a.dtype, torch.float32)  # there are no transforms of 16 bits
    ours, theirs = (torch.fft.rfft(x.to(wide), positions) for x in (a, b))
    found: Tensor = torch.fft.irfft(ours.conj() * theirs, positions)
    return found[..., : positions - a.shape[-1] + 1]


def _root(salience: Tensor) -> Tensor:
    """Square root of the softmax, taken in logarithms: at a probability of 0 its slope is 0."""
    return (0.5 * salience.log_softmax(dim=2)).exp()
