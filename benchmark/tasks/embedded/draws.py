"""A clip's own random numbers, the same on every platform and in every NumPy.

NumPy keeps the integers of its bit generators and seed sequences for good, but not what
``Generator`` makes of them (NEP 19), and its normal variates call the platform's ``exp``. So only
the integers are NumPy's here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.tasks.embedded.exact_math import exp2_of, log2_of
from benchmark.tasks.embedded.signal import Signal

FRACTION: Final = 1.0 / (1 << 53)  # 53 random bits as a number in [0, 1)
QUARTER: Final = (1 << 16) - 1  # of a random integer of 64 bits
SPREAD: Final = math.sqrt(((1 << 32) - 1) / 3.0)  # standard deviation of the sum of four quarters

Choice = TypeVar("Choice")


class Draws:
    """Random numbers of one clip."""

    def __init__(self, *key: int) -> None:
        """Seed them, e.g. by task, split and number of the clip."""
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def integers(self, count: int) -> NDArray[np.uint64]:
        """Integers of 64 bits, shape (count,)."""
        return np.asarray(self._bits.random_raw(count), dtype=np.uint64)

    def uniforms(self, low: float, high: float, count: int) -> Signal:
        """Evenly distributed in [low, high), shape (count,)."""
        unit = (self.integers(count) >> np.uint64(11)).astype(np.float64) * FRACTION
        return np.asarray(low + (high - low) * unit)

    def uniform(self, low: float, high: float) -> float:
        """One number, evenly distributed in [low, high)."""
        return float(self.uniforms(low, high, 1)[0])

    def log_uniform(self, low: float, high: float) -> float:
        """One number, even on a logarithmic scale, as pitch and rate are heard."""
        return low * exp2_of(self.uniform(0.0, log2_of(high / low)))

    def integer(self, low: int, below: int) -> int:
        """A whole number, low to below - 1."""
        return low + ((int(self.integers(1)[0]) >> 32) * (below - low) >> 32)

    def chance(self, probability: float) -> bool:
        """True as often as ``probability`` says."""
        return self.uniform(0.0, 1.0) < probability

    def choice(self, options: Sequence[Choice]) -> Choice:
        """One of some things."""
        return options[self.integer(0, len(options))]

    def shuffled(self, options: Sequence[Choice]) -> list[Choice]:
        """The same things in random order."""
        order = np.argsort(self.integers(len(options)), kind="stable")
        return [options[index] for index in order]

    def noise(self, count: int) -> Signal:
        """White noise of RMS 1, shape (count,): sums of four even draws, nearly Gaussian."""
        raw = self.integers(count)
        quarters = [(raw >> np.uint64(shift)) & np.uint64(QUARTER) for shift in (0, 16, 32, 48)]
        total = (quarters[0] + quarters[1] + quarters[2] + quarters[3]).astype(np.float64)
        return np.asarray((total - 2.0 * QUARTER) / SPREAD)
