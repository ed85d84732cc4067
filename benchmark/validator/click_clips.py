"""The click train: clicks at known times on quiet noise, and the same noise without them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.validator.audio import noise

SECONDS = 60.0  # length of the clips
CLICK_SECONDS = 0.004
BACKGROUND = 0.001  # peak of the noise: -60 dBFS
SPACING = (1.55, 0.5)  # s; each click is about 1.9 s from the next, at least 1.5 s


def click_times() -> NDArray[np.float64]:
    """Centres of the clicks, ms.

    The golden ratio spreads them over the phases of any hop, so that a coarse module's rounding
    averages out over few clicks.
    """
    gap, extra = SPACING
    count = int((SECONDS - 2 * gap) / (gap + extra / 2))
    spread = np.mod(np.arange(count) * (np.sqrt(5) - 1) / 2, 1.0)
    starts = np.linspace(gap, SECONDS - gap - extra, count)
    return np.asarray(1000.0 * (starts + extra * spread))


def clips_without_and_with_clicks(sample_rate: int) -> tuple[Tensor, Tensor]:
    """The two clips, each float32 of shape (1, samples).

    Both have one click near the start, so that a module that scales a clip to its own peak sees
    the same peak in both.
    """
    background = BACKGROUND * noise(1, int(SECONDS * sample_rate), seed=2)
    length = max(3, round(CLICK_SECONDS * sample_rate) | 1)
    burst = 0.9 * noise(1, length, seed=3)[0].sign() * torch.hann_window(length, periodic=False)

    def add_click(audio: Tensor, centre_ms: float) -> None:
        start = round(centre_ms * sample_rate / 1000) - length // 2
        audio[0, start : start + length] += burst

    add_click(background, 300.0)
    clicked = background.clone()
    for centre in click_times():
        add_click(clicked, float(centre))
    return background, clicked
