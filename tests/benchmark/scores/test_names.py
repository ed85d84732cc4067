"""Scores by name, and what an unknown name is answered with."""

import pytest

from benchmark.scores import EVENT_SCORES, MINIMISED, SCENE_SCORES, event_score, scene_score
from benchmark.scores.ranking import mAP
from benchmark.scores.segment import segment_1s_er
from benchmark.tasks.task import EVENT_SCORE_NAMES, ROW_SCORE_NAMES


def test_names_find_their_functions():
    assert scene_score("mAP") is mAP
    assert event_score("segment_1s_er") is segment_1s_er
    assert sorted(MINIMISED) == ["segment_1s_er"]


def test_tasks_may_name_the_scores_that_there_are():
    assert set(ROW_SCORE_NAMES) == SCENE_SCORES.keys()
    assert set(EVENT_SCORE_NAMES) == EVENT_SCORES.keys()


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'top5_acc' is unknown: .* top1_acc, pitch_acc"):
        scene_score("top5_acc")


def test_a_score_of_the_other_kind_of_task_says_so():
    with pytest.raises(ValueError, match="is one of event tasks, not of scene tasks"):
        scene_score("event_onset_200ms_fms")
    with pytest.raises(ValueError, match="is one of scene tasks, not of event tasks"):
        event_score("mAP")
