"""Pitch strategy: the difference of two scalars against the shift between two views."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class PitchLoss(NamedTuple):
    """The loss and how much of the shift it explains.

    Sums and not means, so that processes with other numbers of frames can be put together.

    Attributes:
        errors: Scalar: squared errors, in units of max_shift squared, of the frames that count.
        variation: Scalar: squared shifts of the same frames, in the same units.
        frames: Scalar: how many count.
    """

    errors: Tensor
    variation: Tensor
    frames: Tensor

    @property
    def loss(self) -> Tensor:
        """Mean, in units of max_shift squared."""
        return self.errors / self.frames.clamp_min(1)

    @property
    def r2(self) -> Tensor:
        """``1 - errors / variation``. 0: nothing learnt (always "no shift"); 1: perfect."""
        tiny = torch.finfo(self.variation.dtype).tiny
        return 1.0 - self.errors.detach() / self.variation.clamp_min(tiny)


def pitch_loss(
    a: Tensor,
    b: Tensor,
    a_lengths: Tensor,
    b_lengths: Tensor,
    offsets: Tensor,
    shifts: Tensor,
    max_shift: float,
) -> PitchLoss:
    """Mean squared error of ``p_b(t) - p_a(t)`` against the shift from view a to view b.

    The paper's task-specific strategy (Kuroyanagi & Komatsu 2022); its ancestor is SPICE (Gfeller
    et al. 2020, section III-B). Only frames at times that both views cover count. Shifts are
    semitones (the authors' code passed octaves, see docs/paper.md).

    Args:
        a: Pitch head's output on view a, in units of max_shift, shape (batch, frames).
        b: The same on view b.
        a_lengths: Valid frames of view a, int64, shape (batch,).
        b_lengths: Valid frames of view b, int64, shape (batch,).
        offsets: Frames by which view b starts later than view a, int64, shape (batch,).
        shifts: Pitch of view b minus pitch of view a, semitones, shape (batch,).
        max_shift: Semitones that count as 1.
    """
    times = torch.arange(a.shape[1], device=a.device)
    positions = times - offsets[:, None]
    counted = (times < a_lengths[:, None]) & (positions >= 0) & (positions < b_lengths[:, None])
    aligned = b.gather(1, positions.clamp(0, b.shape[1] - 1))
    targets = (shifts / max_shift)[:, None].expand_as(a)
    errors = ((aligned - a - targets).square() * counted).sum()
    return PitchLoss(errors, (targets.square() * counted).sum(), counted.sum())
