"""What is made at once must be, bit for bit, what is made one by one."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import Interval, percentile_interval
from benchmark.statistics.draws import interval_over_draws
from benchmark.statistics.fold_score import ratio_of_sums, together


def test_scores_at_once_are_the_scores_one_by_one() -> None:
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 4, (50, 30)).astype(np.float32)
    counts[7] = 0  # nothing drawn: 0 / 0
    scores = [
        ratio_of_sums(rng.integers(0, 2, 30), np.ones(30)),
        ratio_of_sums(rng.random(30), rng.random(30)),  # no whole numbers: not exact
        lambda counts: counts.max(axis=1).astype(np.float64),
        ratio_of_sums(rng.integers(0, 9, 30), rng.integers(0, 9, 30)),
    ]
    for chosen in (scores, scores[1:3], scores[:1]):
        found = together(chosen)(counts)
        for row, score in enumerate(chosen):
            np.testing.assert_array_equal(found[row], score(counts))
    assert np.isnan(together(scores)(counts)[[0, 1, 3], 7]).all()


def test_bounds_are_order_statistics() -> None:
    values = np.random.default_rng(4).normal(size=2001)
    values[[3, 9]] = math.nan, math.inf
    ordered = np.sort(values[~np.isnan(values)])
    last = len(ordered) - 1
    low = math.floor((1 - 0.95) / 2 * last)
    assert percentile_interval(values) == (ordered[low], ordered[last - low])


@pytest.mark.parametrize("draws", [2, 3, 5, 40])
def test_students_t_of_draws(draws: int) -> None:
    scores = np.random.default_rng(draws).random(draws)
    found = interval_over_draws(list(scores), Interval(scores.mean(), scores.mean()))
    expected = stats.t.interval(0.95, draws - 1, scores.mean(), stats.sem(scores))
    assert found == pytest.approx(expected, rel=1e-9)
