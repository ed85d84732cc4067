"""What all synthesis agrees on: the sample rate, the array type, and a clip's own random stream."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 16000  # Hz
Signal: TypeAlias = NDArray[np.float64]


def clip_random(*key: int) -> np.random.Generator:
    """The random generator of one clip, e.g. ``clip_random(task_seed, split_number, index)``."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def times(samples: int) -> Signal:
    """Time of each sample, in seconds."""
    return np.arange(samples) / SAMPLE_RATE


def samples_in(seconds: float) -> int:
    """Number of samples nearest to a duration."""
    return round(seconds * SAMPLE_RATE)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A draw that is uniform on a logarithmic scale, as pitch and rate are heard."""
    return float(low * (high / low) ** rng.random())


def decibels(level: float) -> float:
    """Amplitude ratio of a level in dB."""
    return float(10.0 ** (level / 20.0))


def rms(audio: Signal) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(audio**2)))
