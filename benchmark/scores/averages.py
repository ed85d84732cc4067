"""Means and standard deviations of scores, which may be NaN or infinite."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import fmean

import numpy as np


def mean(values: Iterable[float]) -> float:
    """Mean; NaN where one value is NaN, or both infinities are there."""
    numbers = list(values)
    if math.inf in numbers and -math.inf in numbers:  # at which fmean raises
        return math.nan
    return fmean(numbers)


def mean_over_folds(values: Iterable[float]) -> float:
    """Mean; NaN folds are left out, as upstream's pandas does. NaN if nothing is left."""
    numbers = _without_nan(values)
    return mean(numbers) if numbers else math.nan


def std_over_folds(values: Iterable[float]) -> float:
    """Standard deviation, ddof 1; NaN folds are left out, as upstream's pandas does."""
    return std(_without_nan(values))


def std(values: Iterable[float]) -> float:
    """Standard deviation, ddof 1; NaN where fewer than two values or an infinite one are given."""
    numbers = list(values)
    if len(numbers) < 2:
        return math.nan
    with np.errstate(invalid="ignore"):  # infinite scores have no deviation
        return float(np.std(numbers, ddof=1))


def _without_nan(values: Iterable[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]
