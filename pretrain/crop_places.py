"""Where crops of a batch start in their clips."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class CropPlaces(NamedTuple):
    """Starts of the crops of B clips, samples, and the partner's distance; int64, shape (B,).

    Attributes:
        anchor: Of the first crop.
        positive: Of another.
        offsets: Grid units by which the partner starts later than the anchor.
    """

    anchor: Tensor
    positive: Tensor
    offsets: Tensor


def place_crops(
    lengths: Tensor, crop_samples: int, grid: int, max_offset: int, generator: torch.Generator
) -> CropPlaces:
    """Two random crops of each clip, and a third near the first; all inside the clip.

    Args:
        lengths: Of the clips, samples, int64, shape (B,).
        crop_samples: Length of a crop.
        grid: Samples per output frame of the encoder.
        max_offset: Largest distance of the third crop from the first, grid units.
        generator: Of the draws.
    """
    rooms = (lengths - crop_samples).clamp_min(0)  # last possible start of a crop
    anchor = uniform(torch.zeros_like(rooms), rooms, generator)
    positive = uniform(torch.zeros_like(rooms), rooms, generator)
    earliest = -(anchor // grid).clamp_max(max_offset)
    latest = ((rooms - anchor) // grid).clamp_max(max_offset)
    return CropPlaces(anchor, positive, uniform(earliest, latest, generator))


def uniform(lowest: Tensor, highest: Tensor, generator: torch.Generator) -> Tensor:
    """Integers uniform in [lowest, highest], element by element, int64."""
    fractions = torch.rand(len(lowest), generator=generator, dtype=torch.float64)
    return lowest + (fractions * (highest - lowest + 1)).long()
