"""Paired bootstrap tests of all pairs of models on a task, and the ranks that they leave open.

p-values are corrected by Holm's method. Simulated with equally good models (500 runs, 5 % level,
before the correction): F-measures of 30 files differ "significantly" in 7 %, of 14 files in 6 %, of
8 files in 11 %; with many clips it is 5 %.

A model's rank is 1 + the number of models that are significantly better; models of equal rank are
a tie group. Its last possible rank is the number of models - the number of significantly worse
ones. As Holm bounds all errors together, all these ranges hold at once with 95 % confidence
(Mogstad, Romano, Shaikh and Wilhelm, "Inference for ranks with applications to mobility across
neighbourhoods and academic achievement across countries", Review of Economic Studies 91, 2024).

"Not significantly different" is not transitive: A may beat C while B ties with both. Then A and B
have rank 1 (no model beats them) and C has rank 2 (A does), so a group says "beaten by equally
many", not "all equal"; the ranges 1-2, 1-3, 2-3 and `Comparisons.adjusted` tell the rest. Where a
score is much less certain than its neighbours', it may even share a better rank than a slightly
higher one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.bootstrap import LEVEL, RESAMPLES, Replicates, percentile_interval


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values: reject where they are at most alpha, and all errors together stay below.

    With m p-values in ascending order, the adjusted i-th is ``max over j <= i of
    (m - j + 1) p_(j)``, at most 1; it holds under any dependence of the tests.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6, 1979.

    Args:
        p: Shape (tests,); NaN stands for a test that could not be made, and is not counted.

    Returns:
        Shape (tests,), NaN where ``p`` is.
    """
    adjusted = np.full(len(p), np.nan)
    made = np.flatnonzero(~np.isnan(p))
    order = made[np.argsort(p[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted


ROUNDING = 1e-12  # equal differences of scores may differ by this much


@dataclass(frozen=True)
class Comparisons:
    """Tests of all pairs of models.

    Attributes:
        models: Names, rows and columns of the arrays.
        p: Two-sided p-values, symmetric, shape (models, models); NaN on the diagonal and where a
            score is NaN or infinite.
        adjusted: The same after Holm's correction over all pairs.
        better: ``better[a, b]``: a's score is significantly better than b's.
        low: ``low[a, b]``: lower bound of the 95 % interval of a's score minus b's, shape (models,
            models), not corrected for the number of pairs; NaN as in ``p``.
        high: The upper bound.
    """

    models: tuple[str, ...]
    p: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    better: NDArray[np.bool_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def compare_models(replicates: Replicates) -> Comparisons:
    """Test every pair of models, and correct for their number; errors together stay below 5 %."""
    size = len(replicates.models)
    pairs = list(combinations(range(size), 2))
    estimates, values = replicates.estimates, replicates.values
    tests = np.array(
        [paired_p(float(_difference(estimates, a, b)), _difference(values, a, b)) for a, b in pairs]
    )
    p, adjusted = (_symmetric(size, pairs, row) for row in (tests, holm(tests)))
    sign = 1.0 if replicates.better == "higher" else -1.0
    with np.errstate(invalid="ignore"):
        ahead = sign * (estimates[:, None] - estimates[None, :]) > 0
    low, high = _difference_intervals(size, pairs, estimates, values[:, :RESAMPLES])
    return Comparisons(replicates.models, p, adjusted, ahead & (adjusted <= 1 - LEVEL), low, high)


def _difference_intervals(
    size: int,
    pairs: list[tuple[int, int]],
    estimates: NDArray[np.float64],
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of all pairs' differences; `RESAMPLES` draws are enough for them."""
    low, high = np.full((2, size, size), np.nan)
    for a, b in pairs:
        if np.isfinite(_difference(estimates, a, b)):
            low[a, b], high[a, b] = percentile_interval(_difference(values, a, b))
            low[b, a], high[b, a] = -high[a, b], -low[a, b]
    return low, high


def paired_p(difference: float, values: NDArray[np.float64]) -> float:
    """How often chance alone gives a difference at least as large, two-sided.

    Resampled differences, moved to have the mean that the null hypothesis wants (0), are compared
    with the observed one; the observed one counts as a resample, so that p is never 0.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 16.4; the added
    one: Davison and Hinkley, "Bootstrap Methods and their Application", 1997, equation 4.11.

    Args:
        difference: Of the two models' scores.
        values: Its resampled values on the same clips for both, shape (resamples,); NaN counts
            against the difference.

    Returns:
        p, from 1 / (resamples + 1) to 1; NaN if the difference is not finite.
    """
    if not np.isfinite(difference):
        return float("nan")
    smaller = np.abs(values - difference) < abs(difference) - ROUNDING
    return float((1 + np.count_nonzero(~smaller)) / (1 + len(values)))


def _difference(scores: NDArray[np.float64], a: int, b: int) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # infinite d_prime
        return np.asarray(scores[a] - scores[b])


def _symmetric(
    size: int, pairs: list[tuple[int, int]], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    matrix = np.full((size, size), np.nan)
    for (a, b), value in zip(pairs, values, strict=True):
        matrix[a, b] = matrix[b, a] = value
    return matrix


class RankRange(NamedTuple):
    """Ranks that a model may have, from 1; equal where all is decided."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


def rank_ranges(comparisons: Comparisons) -> dict[str, RankRange]:
    """The rank range of every model, in their order."""
    better = comparisons.better
    size = len(comparisons.models)
    return {
        model: RankRange(1 + int(better[:, row].sum()), size - int(better[row].sum()))
        for row, model in enumerate(comparisons.models)
    }


def tie_groups(comparisons: Comparisons) -> dict[int, list[str]]:
    """Models by rank, the best first."""
    groups: dict[int, list[str]] = {}
    for model, ranks in rank_ranges(comparisons).items():
        groups.setdefault(ranks.first, []).append(model)
    return dict(sorted(groups.items()))
