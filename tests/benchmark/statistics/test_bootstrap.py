"""Resampled scores against SciPy's bootstrap, exact distributions and simulated truths."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import FoldScore, bootstrap_task, percentile_interval, resamples_for
from benchmark.statistics import bootstrap as resampling
from benchmark.statistics.bootstrap import resample_counts
from benchmark.statistics.fold_score import ratio_of_sums


def fold(numerator, denominator=None, prefix=""):
    numerator = np.asarray(numerator, float)
    below = np.ones(len(numerator)) if denominator is None else denominator
    clips = tuple(f"{prefix}{number}.wav" for number in range(len(numerator)))
    return FoldScore(clips, ratio_of_sums(numerator, np.asarray(below, float)))


def test_interval_of_an_accuracy_equals_scipys():
    hits = np.random.default_rng(0).random(300) < 0.7
    ours = bootstrap_task("task", {"m": [fold(hits)]}, resamples=20_000).interval("m")
    theirs = stats.bootstrap(
        (hits,), np.mean, n_resamples=20_000, method="percentile", rng=1, batch=500
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=2 / 300)


def test_interval_of_an_f_measure_over_files_equals_scipys():
    rng = np.random.default_rng(1)
    n_reference = rng.integers(5, 60, 40)
    hits = rng.binomial(n_reference, rng.beta(4, 4, 40))
    events = n_reference + hits + rng.poisson(8, 40)
    ours = bootstrap_task("task", {"m": [fold(2 * hits, events)]}, resamples=20_000).interval("m")
    theirs = stats.bootstrap(
        (hits, events),
        lambda above, below, axis: 2 * above.sum(axis=axis) / below.sum(axis=axis),
        paired=True,
        n_resamples=20_000,
        method="percentile",
        rng=1,
        batch=500,
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.003)


def test_resampled_accuracy_has_its_exact_distribution():
    values = bootstrap_task("task", {"m": [fold([1, 0, 0])]}, resamples=50_000).values[0]
    shares = np.bincount(np.round(values * 3).astype(int), minlength=4) / 50_000
    assert shares == pytest.approx(stats.binom(3, 1 / 3).pmf(range(4)), abs=0.01)


def test_interval_by_hand():
    assert percentile_interval(np.arange(1000.0)) == (24, 975)
    assert percentile_interval(np.array([3.0, 1.0, 2.0])) == (1, 3)
    assert percentile_interval(np.array([1.0, np.nan, 2.0, np.inf])) == (1, np.inf)
    assert all(math.isnan(bound) for bound in percentile_interval(np.array([1.0, np.nan, np.nan])))


def test_folds_count_alike_whatever_their_size():
    folds = [fold([1] * 30 + [0] * 10, prefix="a"), fold([1] * 2 + [0] * 2, prefix="b")]
    result = bootstrap_task("task", {"m": folds}, resamples=20_000)
    assert result.estimates[0] == pytest.approx((0.75 + 0.5) / 2)
    variance = (0.75 * 0.25 / 40 + 0.25 / 4) / 4
    assert result.values[0].var() == pytest.approx(variance, rel=0.05)


def test_a_fold_without_a_score_is_left_out_as_the_mean_over_folds_does():
    folds = [fold([1, 1, 0]), fold([0, 0], np.zeros(2))]
    result = bootstrap_task("task", {"m": folds}, resamples=50)
    assert result.estimates[0] == pytest.approx(2 / 3)
    assert not np.isnan(result.values).any()
    nothing = bootstrap_task("task", {"m": folds[1:]}, resamples=50)
    assert all(math.isnan(bound) for bound in nothing.interval("m"))


def test_all_models_are_scored_on_the_same_draws_and_seeds_decide_them():
    hits = np.random.default_rng(2).random(50) < 0.5
    models = {"a": [fold(hits)], "b": [fold(~hits)]}
    first = bootstrap_task("task", models, resamples=100)
    assert first.values[0] + first.values[1] == pytest.approx(np.ones(100))
    alone = bootstrap_task("task", {"b": models["b"]}, resamples=100)
    assert np.array_equal(alone.values[0], first.values[1])
    for task, seed in (("other", 0), ("task", 1)):
        other = bootstrap_task(task, models, resamples=100, seed=seed)
        assert not np.array_equal(other.values, first.values)


def test_draws_do_not_depend_on_how_many_are_handed_out_at_once(monkeypatch):
    def draws():
        rng = np.random.default_rng(3)
        return np.concatenate(list(resample_counts(np.arange(30), 100, rng)))

    whole = draws()
    monkeypatch.setattr(resampling, "BLOCK", 30 * 32)
    assert np.array_equal(draws(), whole)
    assert (whole.sum(axis=1) == 30).all()


def test_takes_of_one_recording_are_drawn_together():
    clips = tuple(f"1-{number // 4}-{'ABCD'[number % 4]}-0.wav" for number in range(120))
    hits = np.repeat(np.random.default_rng(4).random(30) < 0.5, 4).astype(float)
    score = FoldScore(clips, ratio_of_sums(hits, np.ones(120)))
    grouped = bootstrap_task("esc50-v2.0.0-full", {"m": [score]}, resamples=5000).values.std()
    alone = bootstrap_task("unknown", {"m": [score]}, resamples=5000).values.std()
    assert grouped == pytest.approx(2 * alone, rel=0.1)  # 30 recordings tell what 30 clips do


def test_little_to_draw_from_is_told():
    few = bootstrap_task("task-v1", {"m": [fold([1] * 9), fold([0] * 10)]}, resamples=10)
    assert few.drawn == 19
    assert "task-v1: its test split has only 19 recordings" in few.caution
    assert bootstrap_task("t", {"m": [fold([1] * 20)]}, resamples=10).caution is None


def test_holm_leaves_room_for_all_pairs():
    assert resamples_for(2) == 2000
    for models in (10, 30):
        pairs = models * (models - 1) / 2
        assert pairs / (resamples_for(models) + 1) <= 0.025 + 1e-9 or resamples_for(models) == 2000


def test_different_clips_are_not_compared():
    models = {"a": [fold([1, 0, 1])], "b": [fold([1, 0])]}
    with pytest.raises(ValueError, match=r"task-v1: b and a were not tested on the same clips"):
        bootstrap_task("task-v1", models)
    with pytest.raises(ValueError, match="no model with predictions"):
        bootstrap_task("task-v1", {})
    with pytest.raises(ValueError, match="a fold without clips"):
        bootstrap_task("task-v1", {"a": [FoldScore((), lambda counts: counts[:, 0])]})


def covered(make, truth, runs):
    """Share of 95 % intervals that hold the truth."""
    hit = 0
    for run in range(runs):
        low, high = bootstrap_task("t", {"m": make()}, resamples=400, seed=run).interval("m")
        hit += low <= truth <= high
    return hit / runs


def test_intervals_of_accuracies_cover_the_truth():
    rng = np.random.default_rng(5)
    assert 0.92 <= covered(lambda: [fold(rng.random(200) < 0.7)], 0.7, 400) <= 0.98


def test_intervals_of_k_fold_accuracies_cover_the_mean_of_the_folds_truths():
    rng = np.random.default_rng(6)
    rates = (0.4, 0.5, 0.6, 0.7, 0.8)
    assert 0.92 <= covered(lambda: [fold(rng.random(80) < r) for r in rates], 0.6, 300) <= 0.98


def test_intervals_of_an_f_measure_over_40_files_cover_the_truth():
    rng = np.random.default_rng(7)

    def files(count):
        n_reference = rng.poisson(20, count) + 1
        hits = rng.binomial(n_reference, rng.beta(6, 6, count))
        return [fold(2 * hits, n_reference + hits + rng.poisson(8, count))]

    truth = files(300_000)[0].value
    assert 0.91 <= covered(lambda: files(40), truth, 300) <= 0.98


def test_sums_of_whole_numbers_are_exact():
    rng = np.random.default_rng(2)
    counts = rng.integers(0, 40, (50, 3000)).astype(np.float32)
    above, below = rng.integers(0, 80, (2, 3000))
    for scale in (1, 0.1, 2**20):  # in float32; fractions and large sums in float64
        score = ratio_of_sums(above * scale, below * scale)
        expected = (counts.astype(int) @ above) / (counts.astype(int) @ below)
        assert score(counts) == pytest.approx(expected, rel=1e-12)
