"""A published score joins a column only where everything that can be known agrees."""

from dataclasses import replace

import pytest

from benchmark.protocol import Protocol
from benchmark.report.published import published_for

PUBLISHED = Protocol("default")


def test_hears_own_task_under_its_protocol_gets_its_published_scores():
    rows = published_for("esc50-v2.0.0-full", "top1_acc", PUBLISHED)
    assert len(rows) == 34
    assert {row.model: row.value for row in rows}["CVSSP PANNS"] == 0.908500004


def test_seed_and_mode_are_free():
    other = replace(PUBLISHED, seed=1, mode="fast")
    assert len(published_for("esc50-v2.0.0-full", "top1_acc", other)) == 34


@pytest.mark.parametrize("change", [{"grid": "fast"}, {"rules": "strict"}, {"grid_points": 2}])
def test_another_protocol_gets_none(change):
    assert published_for("esc50-v2.0.0-full", "top1_acc", replace(PUBLISHED, **change)) == []


@pytest.mark.parametrize(
    ("task", "score"),
    [
        ("esc50-v2.0.0-small", "top1_acc"),
        ("esc50-v2.0.0-full", "mAP"),
        ("speech_commands-v0.0.2-testset", "top1_acc"),
        ("dcase2016_task2-remix-full", "event_onset_200ms_fms"),
        # The leaderboard's column is the mean of two tasks.
        ("beehive_states_fold0-v2-full", "aucroc"),
    ],
)
def test_another_version_subset_score_or_remix_gets_none(task, score):
    assert published_for(task, score, PUBLISHED) == []


@pytest.mark.parametrize(
    ("clips", "folds", "joined"),
    [(2000, 5, 34), (1990, 5, 34), (120, 5, 0), (2000, 4, 0), (2000, 1, 0), (None, None, 34)],
)
def test_a_task_of_another_size_gets_none(clips, folds, joined):
    assert len(published_for("esc50-v2.0.0-full", "top1_acc", PUBLISHED, clips, folds)) == joined
