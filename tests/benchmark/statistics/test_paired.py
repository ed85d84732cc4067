"""Paired tests against McNemar's exact test, Holm's correction by hand, and the null."""

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import FoldScore, Replicates, bootstrap_task, compare_models
from benchmark.statistics.fold_score import ratio_of_sums
from benchmark.statistics.paired import holm, paired_p


def mean_of(scores):
    clips = tuple(map(str, range(len(scores))))
    return [FoldScore(clips, ratio_of_sums(np.asarray(scores, float), np.ones(len(scores))))]


def test_holm_by_hand():
    # In order: 4 x 0.005, 3 x 0.01, 2 x 0.03, 1 x 0.04 (raised to the one before).
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.6, 0.5, 0.02])) == pytest.approx([1, 1, 0.06])
    assert holm(np.array([])).shape == (0,)


def test_holm_does_not_count_tests_that_could_not_be_made():
    adjusted = holm(np.array([0.02, np.nan, 0.01]))
    assert adjusted == pytest.approx([0.02, np.nan, 0.02], nan_ok=True)


def test_holm_keeps_the_family_wise_error_below_five_percent():
    rng = np.random.default_rng(0)
    false_alarms = [(holm(rng.random(10)) <= 0.05).any() for _ in range(2000)]
    assert 0.035 <= np.mean(false_alarms) <= 0.065


@pytest.mark.parametrize(("only_a", "only_b"), [(60, 35), (80, 78), (140, 70)])
def test_p_is_near_mcnemars_exact_p(only_a, only_b):
    hits = {"a": [1] * only_a + [0] * only_b, "b": [0] * only_a + [1] * only_b}
    models = {name: mean_of(row + [1] * 200) for name, row in hits.items()}
    p = compare_models(bootstrap_task("t", models, resamples=20_000)).p[0, 1]
    exact = stats.binomtest(only_a, only_a + only_b).pvalue
    assert p == pytest.approx(exact, abs=0.04)
    assert (p <= 0.05) == (exact <= 0.05)


def test_p_by_hand():
    values = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.3])
    # As far from 0.1 as 0 is: 0.0, 0.2 and 0.3; and the observation itself.
    assert paired_p(0.1, values) == pytest.approx(4 / 7)
    assert paired_p(0.0, values) == 1.0
    assert paired_p(5.0, values + 4.9) == pytest.approx(1 / 7)
    assert paired_p(5.0, np.array([5.0, np.nan, np.inf])) == pytest.approx(3 / 4)
    assert np.isnan(paired_p(np.inf, values))


def test_p_is_uniform_where_the_models_are_equally_good():
    rng = np.random.default_rng(1)
    p = []
    for run in range(400):
        skill = rng.random(150)
        models = {name: mean_of(skill + rng.random(150)) for name in "ab"}
        p.append(compare_models(bootstrap_task("t", models, resamples=300, seed=run)).p[0, 1])
    for level in (0.05, 0.2, 0.5, 0.8):
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=0.06)


def replicates(estimates, values, better="higher"):
    names = tuple("abcdefgh"[: len(estimates)])
    return Replicates("t", better, names, np.array(estimates), np.array(values), 99)


def test_equal_predictions_do_not_differ_and_direction_is_minded():
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.01, (3, 1000))
    values = np.array([[0.5], [0.8], [0.8]]) + noise[[0, 1, 1]]
    higher = compare_models(replicates([0.5, 0.8, 0.8], values))
    lower = compare_models(replicates([0.5, 0.8, 0.8], values, "lower"))
    assert higher.p[1, 2] == 1.0
    assert higher.better.tolist() == [[False] * 3, [True, False, False], [True, False, False]]
    assert lower.better.tolist() == [[False, True, True], [False] * 3, [False] * 3]
    assert np.isnan(np.diag(higher.p)).all()
    assert np.array_equal(higher.p, higher.p.T, equal_nan=True)


def test_a_model_without_a_score_is_not_compared():
    values = np.random.default_rng(3).normal([[0.5], [0.9], [np.nan]], 0.01, (3, 400))
    found = compare_models(replicates([0.5, 0.9, np.nan], values))
    assert np.isnan(found.p[2]).all()
    assert found.adjusted[0, 1] == found.p[0, 1]  # the one test that was made
    assert not found.better[2].any()
    assert not found.better[:, 2].any()


def test_one_model_has_nobody_to_be_compared_with():
    found = compare_models(replicates([0.5], [[0.4, 0.6]]))
    assert found.better.tolist() == [[False]]


def test_the_interval_of_a_difference_is_that_of_its_resamples():
    rng = np.random.default_rng(11)
    values = rng.normal([[0.5], [0.8]], 0.05, (2, 2000))
    found = compare_models(replicates([0.5, 0.8], values))
    difference = values[0] - values[1]
    bounds = np.quantile(difference, [0.025, 0.975])
    assert (found.low[0, 1], found.high[0, 1]) == pytest.approx(tuple(bounds), abs=0.002)
    assert (found.low[1, 0], found.high[1, 0]) == (-found.high[0, 1], -found.low[0, 1])
    assert np.isnan(found.low[0, 0])
