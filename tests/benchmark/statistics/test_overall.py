"""Normalised score and mean rank by hand, by scikit-learn, and on the published leaderboard."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from benchmark.report.published import published_scores
from benchmark.statistics import Replicates, overall_scores
from benchmark.statistics.overall import model_ranks, normalised_scores


def task(estimates, name="t", better="higher", spread=0.0, resamples=200, models="abcdef"):
    estimates = np.array(estimates, float)
    rng = np.random.default_rng(len(name))
    values = estimates[:, None] + rng.normal(0, spread, (len(estimates), resamples))
    return Replicates(name, better, tuple(models[: len(estimates)]), estimates, values, 99)


def test_by_hand():
    # Mean 0.5, deviation sqrt(0.06): -1.22, -0.41, 0.41 and 1.22 of it, clamped.
    first = task([0.2, 0.4, 0.6, 0.8])
    z = 0.1 / np.sqrt(0.05)
    second = task([3, 1, 2, 2], better="lower")
    scores = {entry.model: entry for entry in overall_scores([first, second])}
    assert scores["a"].normalised == pytest.approx((-1 - 1) / 2)
    assert scores["b"].normalised == pytest.approx((-z + 1) / 2)
    assert scores["c"].normalised == pytest.approx((z + 0) / 2)
    assert scores["d"].normalised == pytest.approx((1 + 0) / 2)
    assert {name: entry.mean_rank for name, entry in scores.items()} == {
        "a": 4.0,
        "b": 2.0,
        "c": 2.25,
        "d": 1.75,
    }
    assert [entry.model for entry in overall_scores([first, second])] == ["d", "b", "c", "a"]


def test_standardising_and_clamping_equal_scikit_learn():
    scores = np.random.default_rng(0).random((9, 5))
    expected = np.clip(StandardScaler().fit_transform(scores), -1, 1)
    assert normalised_scores(scores) == pytest.approx(expected)
    assert normalised_scores(np.full((3, 1), 0.7)).tolist() == [[0.0]] * 3


def test_undefined_scores_of_a_resample_count_as_the_worst():
    scores = np.array([[0.5], [np.nan], [0.7], [np.inf]])
    assert normalised_scores(scores)[:, 0] == pytest.approx([-1, -1, 1, 1])
    assert model_ranks(scores)[:, 0].tolist() == [3, 4, 2, 1]


def test_a_model_that_lacks_a_task_has_no_overall_score_and_no_say_in_the_others():
    whole = [task([0.2, 0.4, 0.9]), task([0.1, 0.5, 0.6])]
    holes = [task([0.2, 0.4, 0.9, 0.3]), task([0.1, 0.5, 0.6, np.nan])]
    fewer = [task([0.2, 0.4, 0.9, 0.3]), task([0.1, 0.5, 0.6])]
    numbers = [(e.model, e.normalised, e.mean_rank) for e in overall_scores(whole)]
    for tasks in (holes, fewer):
        assert [(e.model, e.normalised, e.mean_rank) for e in overall_scores(tasks)] == numbers
    assert overall_scores([]) == []
    assert overall_scores([task([np.nan])]) == []


def test_intervals_follow_from_the_resamples():
    tasks = [task([0.2, 0.4, 0.45, 0.9], name=name, spread=0.02) for name in ("t", "task")]
    scores = {entry.model: entry for entry in overall_scores(tasks)}
    for entry in scores.values():
        assert entry.normalised_interval.low <= entry.normalised <= entry.normalised_interval.high
    assert scores["a"].mean_rank_interval == (4, 4)
    assert scores["d"].mean_rank_interval == (1, 1)
    low, high = scores["b"].mean_rank_interval
    assert low < 3 == high
    column = [t.values[:, 7] for t in tasks]  # one resample, by the definition
    expected = np.mean([np.clip((c - c.mean()) / c.std(), -1, 1) for c in column], axis=0)
    found = np.mean([normalised_scores(t.values)[:, 7] for t in tasks], axis=0)
    assert found == pytest.approx(expected)


def test_on_the_published_leaderboard():
    """HEAR's formula on the tasks that every model has; the ced models lead there."""
    table = {}
    for score in published_scores():
        table.setdefault(score.task, {})[score.model] = score.value
    full = [scores for scores in table.values() if len(scores) == 34]
    assert len(full) > 8
    tasks = [
        Replicates(
            "t", "higher", tuple(s), v := np.array(list(s.values())), np.tile(v[:, None], 3), 9
        )
        for s in full
    ]
    found = {entry.model: entry.normalised for entry in overall_scores(tasks)}
    matrix = np.array([[scores[model] for scores in full] for model in found])
    expected = np.clip(StandardScaler().fit_transform(matrix), -1, 1).mean(axis=1)
    assert list(found.values()) == pytest.approx(expected)
