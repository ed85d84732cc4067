"""Event scores and post-processing set beside their references."""

import json

import pytest

from benchmark.scores import EVENT_SCORES
from benchmark.speed import scores
from msssl_common.report import markdown


@pytest.fixture(autouse=True)
def few_events(monkeypatch):
    monkeypatch.setattr(scores, "PREDICTED_EVENTS", (5, 20))


def test_ours_equals_both_references():
    lines = []
    report = scores.scores_report(1, lines.append)
    made = report.measured["comparisons"]
    assert [(c["work"], c["size"]) for c in made[:-1]] == [
        (name, size) for size in ("5", "20") for name in EVENT_SCORES
    ]
    assert all(c["difference"] < 1e-12 for c in made)
    assert sum(c["compared"] for c in made[:-1]) == 20
    assert made[-1]["compared"] > 500  # events
    assert lines == ["run 1/1 done"]
    assert "| segment_1s_er | 20 |" in markdown(report)
    json.dumps(report.measured)


def test_without_sed_eval_ours_is_measured_alone(monkeypatch):
    monkeypatch.setattr(scores, "find_spec", lambda name: None)
    report = scores.scores_report(1, lambda line: None)
    assert report.notes[0].startswith("sed_eval is not installed")
    assert report.rows[0][2] == ""
    assert float(report.rows[0][3]) >= 0


def test_a_wrong_score_would_show(monkeypatch):
    monkeypatch.setitem(
        EVENT_SCORES, "segment_1s_er", lambda reference, predicted: {"error_rate": 0.123}
    )
    report = scores.scores_report(1, lambda line: None)
    worst = {c["work"]: c["difference"] for c in report.measured["comparisons"]}
    assert worst["segment_1s_er"] > 0.1
