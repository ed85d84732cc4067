"""The types of this package, and the one distribution that all of it draws from."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Signal: TypeAlias = NDArray[np.float32]  # shape (samples,), amplitudes without a set level
Source: TypeAlias = Callable[[Generator, int, int], Signal]  # (generator, samples, Hz)


def log_uniform(generator: Generator, low: float, high: float) -> float:
    """Draw from [low, high) with equal chances per octave, as frequencies and times are heard."""
    return math.exp(generator.uniform(math.log(low), math.log(high)))


def highest_frequency(sample_rate: int) -> float:
    """Upper limit in Hz of everything periodic: a tenth below Nyquist, so that nothing aliases."""
    return 0.45 * sample_rate


def peak_one(signal: Signal) -> Signal:
    """Scale to a peak of 1; silence stays silence."""
    peak = float(np.abs(signal).max(initial=0.0))
    return signal / np.float32(peak) if peak > 0 else signal
