"""Amplitude curves: how a sound begins, ends and moves."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.exact_math import cosine, exp2, sine
from benchmark.tasks.embedded.signal import Signal, samples_in, times

SIXTY_DB: Final = 9.965784284662087  # octaves of amplitude in 60 dB: log2(1000)


def faded(audio: Signal, attack: float, release: float) -> Signal:
    """Raised-cosine fades in and out (seconds), so that nothing clicks by accident."""
    curve = np.ones(len(audio))
    head = min(samples_in(attack), len(audio) // 2)
    tail = min(samples_in(release), len(audio) // 2)
    if head:
        curve[:head] = _rise(head)
    if tail:
        curve[-tail:] *= _rise(tail)[::-1]
    return audio * curve


def decay(samples: int, seconds_to_60_db: float) -> Signal:
    """Exponential decay from 1 that has lost 60 dB after the given time."""
    return exp2(np.maximum(-SIXTY_DB * times(samples) / seconds_to_60_db, -500.0))


def oscillation(rng: Draws, samples: int, rate: float) -> Signal:
    """A sine in [-1, 1] at ``rate`` Hz from a random phase, to modulate level or pitch with."""
    return sine(rate * times(samples) + rng.uniform(0.0, 1.0))


def _rise(samples: int) -> Signal:
    return 0.5 - 0.5 * cosine((np.arange(samples) + 0.5) / (2 * samples))
