"""Test audio: uniform noise as upstream's, with a fixed seed so that a verdict can be repeated."""

from __future__ import annotations

import torch
from torch import Tensor


def noise(clips: int, samples: int, seed: int = 0) -> Tensor:
    """White noise, uniform in [-1, 1].

    Returns:
        float32, shape (clips, samples), on the CPU.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((clips, samples), generator=generator) * 2 - 1
