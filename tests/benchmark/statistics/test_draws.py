import math

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import Interval
from benchmark.statistics.draws import interval_over_draws, within_range


def test_with_one_source_of_chance_the_interval_is_that_of_the_source() -> None:
    scores = [0.4, 0.5, 0.45, 0.62]
    centre = float(np.mean(scores))
    draws = stats.t.interval(0.95, 3, centre, stats.sem(scores))
    assert interval_over_draws(scores, Interval(centre, centre)) == pytest.approx(draws)
    assert interval_over_draws([0.5, 0.5], Interval(0.4, 0.7)) == pytest.approx((0.4, 0.7))
    assert all(map(math.isnan, interval_over_draws([0.5], Interval(0.4, 0.6))))


def test_an_interval_holds_no_value_that_a_score_cannot_have() -> None:
    wide = Interval(-0.2, 1.3)
    assert within_range("top1_acc", wide) == (0.0, 1.0)
    assert within_range("event_onset_200ms_fms", Interval(0.1, 0.9)) == (0.1, 0.9)
    assert within_range("segment_1s_er", wide) == (0.0, 1.3)
    assert within_range("d_prime", wide) == wide


def test_it_covers_the_truth_in_95_of_100_experiments() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        clips = generator.normal(0, 0.02)
        scores = 0.5 + clips + generator.normal(0, 0.05, 5)
        centre = scores.mean()
        found = interval_over_draws(scores, Interval(centre - 1.96 * 0.02, centre + 1.96 * 0.02))
        covered += found.low <= 0.5 <= found.high
    assert covered / 2000 == pytest.approx(0.95, abs=0.02)
