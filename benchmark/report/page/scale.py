"""The linear scale on which a column, or an axis of a chart, is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

STEPS = 5  # at least so many steps of the scale between the least and the greatest value
WIDTH = 100.0  # of a drawing, in units of its viewBox


@dataclass(frozen=True)
class Scale:
    """Ends of a linear scale, round numbers."""

    low: float
    high: float

    @staticmethod
    def over(values: Iterable[float]) -> Scale | None:
        """The scale that holds all finite values; None if there are none."""
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            return None
        low, high = min(finite), max(finite)
        step = _round_step((high - low) / STEPS or abs(high) / STEPS or 1.0)
        if low == high:
            return Scale(_multiple(low / step - 1, step), _multiple(low / step + 1, step))
        return Scale(
            _multiple(math.floor(low / step + 1e-9), step),
            _multiple(math.ceil(high / step - 1e-9), step),
        )

    def position(self, value: float) -> float:
        """Where a value is drawn, from 0 to `WIDTH`; beyond the ends (or infinite), at the end."""
        share = (value - self.low) / (self.high - self.low)
        return round(WIDTH * min(max(share, 0.0), 1.0), 2)


def _round_step(step: float) -> float:
    """The least of 1, 2, 5, 10, ... times a power of ten that is not below ``step``."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= step * (1 - 1e-9))


def _multiple(count: float, step: float) -> float:
    """``count`` steps, without the rounding that shows as 0.30000000000000004."""
    return float(f"{count * step:.12g}")


def ticks(scale: Scale) -> list[float]:
    """Round numbers from end to end, about five."""
    step = _round_step((scale.high - scale.low) / STEPS)
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [_multiple(count, step) for count in range(first, last + 1)]
