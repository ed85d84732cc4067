"""The interval of a mean over draws of training clips, on test clips that are a draw, too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from scipy.special import stdtrit  # as scipy.stats.t.ppf, whose import takes a third of a second

from benchmark.scores.averages import mean, std
from benchmark.statistics.bootstrap import Interval

UNBOUNDED: Final = {"d_prime": -math.inf, "segment_1s_er": 0.0}  # lower bounds; others lie in 0..1


def within_range(score: str, interval: Interval) -> Interval:
    """An interval cut to the values that a score can have: Student's t knows no bounds.

    Args:
        score: Its name.
        interval: Around a value of it.
    """
    low, high = (UNBOUNDED[score], math.inf) if score in UNBOUNDED else (0.0, 1.0)
    return Interval(max(low, interval.low), min(high, interval.high))


def interval_over_draws(scores: Sequence[float], clips: Interval) -> Interval:
    """95 % interval for other training clips and other test clips.

    The two are drawn independently. The distances of their intervals' bounds from the mean add up
    as squares.

    Args:
        scores: Of each draw of training clips, on the same test clips.
        clips: Interval of their mean over other test clips.

    Returns:
        NaN bounds where there are fewer than two draws, whose spread is then unknown.

    Source: G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a
    general approach", Statistics in Medicine 27 (2008), for the sum; Student's t for the draws.
    """
    if len(scores) < 2:
        return Interval(math.nan, math.nan)
    centre = mean(scores)
    half = stdtrit(len(scores) - 1, 0.975) * std(scores) / math.sqrt(len(scores))
    return Interval(
        centre - math.hypot(centre - clips.low, half),
        centre + math.hypot(clips.high - centre, half),
    )
