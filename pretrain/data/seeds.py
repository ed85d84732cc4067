"""Random numbers as a function of (seed, step), so that a resumed run needs no generator states."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

Stream = Literal[
    "epoch", "crops", "augment", "statistics", "mixtures", "backgrounds", "balance", "read-out"
]
_STREAMS: dict[Stream, int] = {
    "epoch": 0,
    "crops": 1,
    "augment": 2,
    "statistics": 3,
    "mixtures": 4,
    "backgrounds": 5,
    "balance": 6,
    "read-out": 7,
}


def generator_for(
    seed: int, step: int, stream: Stream, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A generator for one purpose at one step; different streams are independent.

    Args:
        seed: The run's seed, 0 or more.
        step: Optimiser step or epoch, 0 or more.
        stream: What the numbers are for. Crops have their own, so that recipes which augment
            differently still see the same crops.
        device: Where the numbers are drawn.
    """
    generator = torch.Generator(device)
    generator.manual_seed(seed_for(seed, step, stream))
    return generator


def seed_for(seed: int, step: int, stream: Stream) -> int:
    """What such a generator is seeded with."""
    state = np.random.SeedSequence([seed, step, _STREAMS[stream]]).generate_state(1, np.uint64)
    # Not all of manual_seed's back ends take the full 64 bits.
    return int(state[0] >> np.uint64(2))
