"""What all synthesis agrees on: the sample rate, the array type, times and levels."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmark.tasks.embedded.exact_math import exp2, exp2_of

SAMPLE_RATE: Final = 16000  # Hz
DECIBELS_PER_OCTAVE: Final = 6.020599913279624  # 20 log10(2): a factor of two in amplitude
Signal: TypeAlias = NDArray[np.float64]


def times(samples: int) -> Signal:
    """Time of each sample, in seconds."""
    return np.arange(samples) / SAMPLE_RATE


def samples_in(seconds: float) -> int:
    """Number of samples nearest to a duration."""
    return round(seconds * SAMPLE_RATE)


def ramp(samples: int) -> Signal:
    """From 0 at the first sample to 1 at the last."""
    return np.arange(samples) / max(1, samples - 1)


def amplitude(level: float) -> float:
    """Amplitude ratio of a level in dB."""
    return exp2_of(level / DECIBELS_PER_OCTAVE)


def amplitudes(levels: Signal) -> Signal:
    """Amplitude ratio of each level in dB."""
    return exp2(levels / DECIBELS_PER_OCTAVE)
