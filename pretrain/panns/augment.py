"""The two augmentations of the PANNs recipe (Kong et al. 2020, section IV-B)."""

from __future__ import annotations

import torch
from torch import Tensor

# The authors' code on 10 s clips of 1001 frames: two time stripes of up to 64 frames, two frequency
# stripes of up to 8 of 64 bands.
STRIPES = 2
MAX_TIME_SHARE = 64 / 1001
MAX_BAND_SHARE = 8 / 64


def spec_augment(log_mel: Tensor, generator: torch.Generator) -> Tensor:
    """Clear two stripes of frames and two of bands in each clip (Park et al. 2019, SpecAugment).

    Args:
        log_mel: Normalised, shape (batch, frames, bands).
        generator: On the same device.

    Returns:
        The same with stripes set to 0. A stripe's width is uniform from 0 to just below the
        maximum, which keeps the authors' share of the clip.
    """
    _, frames, bands = log_mel.shape
    kept_frames = _outside_stripes(log_mel, frames, MAX_TIME_SHARE, generator)
    kept_bands = _outside_stripes(log_mel, bands, MAX_BAND_SHARE, generator)
    return log_mel * kept_frames[:, :, None] * kept_bands[:, None, :]


def mixup(batch: Tensor, first_shares: Tensor) -> Tensor:
    """Mix clips 0 and 1, 2 and 3, ... (Zhang et al. 2018, mixup).

    Args:
        batch: Log-mel or targets, shape (2 n, ...).
        first_shares: Share of the first clip of each pair, in [0, 1], shape (n,).

    Returns:
        Shape (n, ...).
    """
    shares = first_shares.reshape(-1, *[1] * (batch.ndim - 1))
    return batch[0::2] * shares + batch[1::2] * (1 - shares)


def mixup_shares(pairs: int, generator: torch.Generator) -> Tensor:
    """Shares from Beta(1, 1), which is the uniform distribution (the authors' alpha = 1)."""
    return torch.rand(pairs, generator=generator, device=generator.device)


def _outside_stripes(
    like: Tensor, size: int, max_share: float, generator: torch.Generator
) -> Tensor:
    """1 where no stripe lies, else 0: dtype and device of ``like``, shape (batch, size)."""
    shape = (len(like), STRIPES)
    draws = torch.rand(2, *shape, generator=generator, device=like.device)
    widths = (draws[0] * round(max_share * size)).floor()
    starts = (draws[1] * (size - widths + 1)).floor()  # torchlibrosa spares the last position
    positions = torch.arange(size, device=like.device)
    inside = (positions >= starts[..., None]) & (positions < (starts + widths)[..., None])
    return (~inside.any(dim=1)).to(like.dtype)
