"""Intervals over training seeds against Student's and Welch's tests, an analysis of variance by
hand, and a world whose truth is known."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark.statistics import Replicates
from benchmark.statistics.training_seeds import (
    GroupDifference,
    GroupScore,
    group_scores,
    mean_over_tasks,
    squared_error,
)
from tests.bench.seed_coverage import Setting, coverage

A, B = ("a0", "a1", "a2"), ("b0", "b1", "b2", "b3")
SCORES = (0.71, 0.74, 0.69, 0.66, 0.65, 0.68, 0.6)
RNG = np.random.default_rng(0)


def replicates(
    values: NDArray[np.float64], scores: Sequence[float] = SCORES, better: str = "higher"
) -> Replicates:
    rows = (A + B)[: len(scores)]
    return Replicates("task", better, rows, np.array(scores), values, 100)  # type: ignore[arg-type]


def both(task: Replicates) -> tuple[GroupScore, GroupScore, GroupDifference]:
    (a, b), (pair,) = group_scores(task, {"a": A, "b": B})
    return a, b, pair


def test_without_noise_of_clips_they_are_students_and_welchs() -> None:
    still = np.repeat(np.array(SCORES)[:, None], 500, axis=1)
    a, b, pair = both(replicates(still))
    student = stats.t(2, np.mean(SCORES[:3]), stats.sem(SCORES[:3]))
    assert a.interval == pytest.approx(student.interval(0.95))
    assert (a.mean, a.spread) == pytest.approx((np.mean(SCORES[:3]), np.std(SCORES[:3], ddof=1)))
    welch = stats.ttest_ind(SCORES[:3], SCORES[3:], equal_var=False)
    assert pair.interval == pytest.approx(welch.confidence_interval(0.95))
    assert pair.p == pair.adjusted == pytest.approx(welch.pvalue)
    assert (b.rows, pair.verdict) == (B, "above" if welch.pvalue <= 0.05 else "not told apart")


def test_two_encoders_are_compared_on_the_same_clips() -> None:
    values = RNG.normal([[0.7], [0.66]], 0.02, (2, 2000)) + RNG.normal(0, 0.05, 2000)
    task = replicates(values, (0.7, 0.66))
    (a, _), (pair,) = group_scores(task, {"a": ["a0"], "b": ["a1"]})
    deviation = np.std(values[0] - values[1], ddof=1)
    normal = stats.norm(0.04, deviation)
    assert pair.interval == pytest.approx(normal.interval(0.95))
    assert pair.p == pytest.approx(2 * stats.norm.sf(0.04 / deviation))
    assert (a.interval, math.isnan(a.spread)) == (task.interval("a0"), True)


def test_the_parts_are_those_of_an_analysis_of_variance() -> None:
    """Seeds and clips crossed, both random: Cornfield and Tukey's expected mean squares."""
    seeds, clips = 4, 60
    hits = np.array(
        [
            [float(RNG.random() < 0.5 + 0.05 * i + 0.3 * (j % 2)) for j in range(clips)]
            for i in range(seeds)
        ]
    )
    grand = sum(sum(row) for row in hits) / seeds / clips
    by_seed = [sum(row) / clips for row in hits]
    by_clip = [sum(row[j] for row in hits) / seeds for j in range(clips)]
    ms_seed = clips * sum((m - grand) ** 2 for m in by_seed) / (seeds - 1)
    ms_clip = seeds * sum((m - grand) ** 2 for m in by_clip) / (clips - 1)
    ms_both = sum(
        (hits[i, j] - by_seed[i] - by_clip[j] + grand) ** 2
        for i in range(seeds)
        for j in range(clips)
    ) / ((seeds - 1) * (clips - 1))
    error = squared_error([hits.mean(axis=1)], np.cov(hits) / clips)
    assert error.training == pytest.approx(ms_seed / seeds / clips)
    assert error.clips == pytest.approx((ms_clip - ms_both) / seeds / clips)
    assert error.least == pytest.approx(ms_both / seeds / clips)
    assert error.df == seeds - 1


def test_what_two_groups_have_in_common_falls_out_of_their_difference() -> None:
    common = RNG.normal(0, 0.05, 2000)
    values = np.array(SCORES)[:, None] + common
    a, _, pair = both(replicates(values))
    assert a.error is not None
    assert a.error.clips == pytest.approx(np.var(common, ddof=1))
    welch = stats.ttest_ind(SCORES[:3], SCORES[3:], equal_var=False)
    assert pair.interval == pytest.approx(welch.confidence_interval(0.95))


def test_seeds_that_agree_by_chance_are_no_surer_than_the_clips() -> None:
    values = RNG.normal(0.7, 0.03, (3, 2000))
    (found,), _ = group_scores(replicates(values, (0.7, 0.7, 0.7)), {"a": A})
    low, high = stats.norm(0.7, values.mean(axis=0).std(ddof=1)).interval(0.95)
    assert found.interval.high - found.interval.low >= high - low
    assert found.interval == pytest.approx((low, high), abs=1e-3)


def test_p_is_the_level_whose_interval_ends_at_nothing() -> None:
    values = np.array(SCORES)[:, None] + RNG.normal(0, 0.01, (7, 2000))
    a, b, pair = both(replicates(values))
    error = squared_error([np.array(SCORES[:3]), np.array(SCORES[3:])], np.cov(values))
    assert error.half_width(pair.p) == pytest.approx(pair.value)
    assert pair.value == pytest.approx(a.mean - b.mean)
    assert error.p(0.0) == 1.0
    assert error.p(1e6) == 1e-9


def test_groups_of_the_same_trainings_are_compared_one_by_one() -> None:
    rows = [*A, *B[:3]]
    still = np.repeat(np.array(SCORES[:6])[:, None], 9, axis=1)
    trainings = dict(zip(rows, "xyzzxy", strict=True))
    _, (pair,) = group_scores(replicates(still, SCORES[:6]), {"a": A, "b": B[:3]}, trainings)
    x, y = SCORES[:3], (SCORES[4], SCORES[5], SCORES[3])
    student = stats.ttest_rel(x, y)
    assert (pair.paired, pair.p) == (True, pytest.approx(student.pvalue))
    assert pair.interval == pytest.approx(student.confidence_interval(0.95))
    trainings["b0"] = ""  # unknown
    _, (pair,) = group_scores(replicates(still, SCORES[:6]), {"a": A, "b": B[:3]}, trainings)
    welch = stats.ttest_ind(x, y, equal_var=False)
    assert (pair.paired, pair.p) == (False, pytest.approx(welch.pvalue))


def test_lower_errors_stand_above() -> None:
    still = np.repeat(np.array([0.2, 0.21, 0.2, 0.8, 0.81, 0.8, 0.79])[:, None], 9, axis=1)
    _, _, pair = both(replicates(still, still[:, 0].tolist(), "lower"))
    assert (pair.value < 0, pair.verdict) == (True, "above")
    _, (other,) = group_scores(replicates(still, still[:, 0].tolist()), {"a": A, "b": B})
    assert other.verdict == "below"


def test_p_is_corrected_for_the_pairs_of_a_task() -> None:
    values = np.array(SCORES)[:, None] + RNG.normal(0, 0.01, (7, 2000))
    _, pairs = group_scores(replicates(values), {"a": A, "b": B[:2], "c": B[2:]})
    ordered = sorted(pairs, key=lambda pair: pair.p)
    assert ordered[0].adjusted == pytest.approx(min(1, 3 * ordered[0].p))
    assert [(pair.a, pair.b) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]


def test_undefined_scores_are_left_out_and_undefined_resamples_are_not_guessed() -> None:
    values = np.array(SCORES)[:, None] + RNG.normal(0, 0.01, (7, 100))
    found, _ = group_scores(replicates(values, (math.nan, math.inf, *SCORES[2:])), {"a": A, "b": B})
    assert [score.rows for score in found] == [("a2",), B]
    nobody, pairs = group_scores(replicates(values, (*[math.nan] * 3, *SCORES[3:])), {"a": A})
    assert (nobody, pairs) == ([], [])
    values[1, :40] = math.nan
    a, *_ = both(replicates(values))
    assert not math.isnan(a.interval.low)
    values[1, :60] = math.nan
    a, b, pair = both(replicates(values))
    assert all(math.isnan(x) for x in (a.interval.low, pair.interval.high, pair.p))
    assert (a.error, pair.verdict, math.isnan(b.interval.low)) == (None, "not tested", False)


def test_the_mean_over_tasks_is_of_rows_that_have_them_all() -> None:
    values = RNG.random((7, 10))
    whole, part = replicates(values), replicates(values[:2] / 2, (0.1, 0.3))
    mean = mean_over_tasks([whole, part])
    assert mean is not None
    assert mean.models == A[:2]
    assert mean.estimates == pytest.approx([0.405, 0.52])
    assert mean.values == pytest.approx(values[:2] * 0.75)
    assert (
        mean_over_tasks([whole, Replicates("t", "higher", ("x",), values[0, :1], values[:1], 9)])
        is None
    )


def test_two_seeds_hold_the_truth() -> None:
    """tests/bench/seed_coverage has all settings; here training is most of the error."""
    found = coverage(Setting(2, 300, (6.0, 6.0)), runs=200)
    noise = 3 * math.sqrt(0.95 * 0.05 / 200)
    assert found["ours"]["mean"] > 0.95 - noise
    assert found["ours"]["difference"] > 0.95 - noise
    assert found["nested bootstrap"]["mean"] < 0.95 - noise
