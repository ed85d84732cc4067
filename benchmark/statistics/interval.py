"""Percentile bootstrap intervals."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95


class Interval(NamedTuple):
    """Bounds of a confidence interval; both NaN where there is none."""

    low: float
    high: float


def percentile_interval(values: NDArray[np.float64], level: float = LEVEL) -> Interval:
    """The middle ``level`` of a score's resampled values.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3. Bounds
    are order statistics, rounded outwards, so that infinite values are no trouble.

    Args:
        values: Scores of resamples, shape (resamples,). NaN (undefined) is left out; where more
            than half is, there is no interval.
        level: Share of values inside.
    """
    defined = np.sort(values[~np.isnan(values)])
    if len(defined) == 0 or len(defined) < len(values) / 2:
        return Interval(math.nan, math.nan)
    last = len(defined) - 1
    low = math.floor((1 - level) / 2 * last)
    return Interval(float(defined[low]), float(defined[last - low]))
