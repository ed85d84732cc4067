"""Amplitude curves: how a sound begins, ends and moves."""

from __future__ import annotations

import numpy as np

from benchmark.tasks.embedded.signal import Signal, samples_in, times


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
    return np.asarray(10.0 ** (-3.0 * times(samples) / seconds_to_60_db))


def oscillation(rng: np.random.Generator, samples: int, rate: float) -> Signal:
    """A sine in [-1, 1] at ``rate`` Hz from a random phase, to modulate level or pitch with."""
    return np.asarray(np.sin(2.0 * np.pi * (rate * times(samples) + rng.random())))


def _rise(samples: int) -> Signal:
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * (np.arange(samples) + 0.5) / samples))
