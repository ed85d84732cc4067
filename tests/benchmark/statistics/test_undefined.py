import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from benchmark.events.table import Event, event_table
from benchmark.results.predictions import EventPredictions, Predictions, ScenePredictions
from benchmark.scores import EVENT_SCORES, SCENE_SCORES
from benchmark.statistics import cell_fold_scores

CLIPS = tuple(f"{i}.wav" for i in range(12))
LABELS = ("a", "b", "c")


def scenes(missing: int | None) -> ScenePredictions:
    targets = np.eye(3, dtype=np.float32)[np.arange(12) % 3]
    if missing is not None:
        targets[:, missing] = 0
    guesses = np.random.default_rng(1).random((12, 3), np.float32)
    return ScenePredictions("test", CLIPS, guesses, targets)


def events(reference: bool, predicted: bool) -> EventPredictions:
    listed = {clip: [Event("a", 100.0, 900.0)] for clip in CLIPS}
    tables = [
        event_table(listed if there else {clip: [] for clip in CLIPS}, CLIPS, LABELS)
        for there in (predicted, reference)
    ]
    return EventPredictions("test", CLIPS, *tables)


def remark_and_value(score: str, fold: ScenePredictions | EventPredictions) -> tuple[str, float]:
    (found,) = cell_fold_scores(Predictions(LABELS, (fold,)), score, "published")  # type: ignore[arg-type]
    return found.remark, found.value


@pytest.mark.filterwarnings("ignore:No positive class")
def test_map_counts_a_class_without_clips_as_zero_and_says_so() -> None:
    fold = scenes(1)
    remark, value = remark_and_value("mAP", fold)
    assert "1 of 3 classes has no clip: each counts 0 in the mean" in remark
    assert value == pytest.approx(average_precision_score(fold.targets, fold.probabilities))
    assert remark_and_value("mAP", scenes(None))[0] == ""


@pytest.mark.parametrize("score", ["aucroc", "d_prime"])
def test_areas_are_undefined_and_the_remark_says_why(score: str) -> None:
    remark, value = remark_and_value(score, scenes(2))
    assert math.isnan(value)
    assert f"1 of 3 classes has no clips, or all of them: {score} is undefined" in remark


@pytest.mark.parametrize("score", EVENT_SCORES)
def test_event_scores_without_events(score: str) -> None:
    remark, value = remark_and_value(score, events(reference=False, predicted=True))
    assert math.isnan(value)
    assert remark == f"the split test has no events: {score} is undefined"
    remark, value = remark_and_value(score, events(reference=True, predicted=False))
    if score == "segment_1s_er":
        assert (remark, value) == ("", 1.0)
    else:
        assert math.isnan(value)
        assert "no event is predicted in the split test" in remark


def test_every_undefined_score_has_a_remark() -> None:
    """Whatever class or kind of event is missing."""
    for score in SCENE_SCORES:
        for missing in (None, 0, 1, 2):
            remark, value = remark_and_value(score, scenes(missing))
            assert remark or not math.isnan(value)
