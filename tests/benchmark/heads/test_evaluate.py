"""Whole tasks, small: what comes out, what is repeatable, what is refused."""

import math

import numpy as np
import pytest
import torch

from benchmark.events import event_table
from benchmark.events.table import Event
from benchmark.heads import evaluate_task
from benchmark.protocol import Protocol
from benchmark.scores import EVENT_SCORES, SCENE_SCORES
from tests.benchmark.heads.small_tasks import (
    event_splits,
    make_event_task,
    make_task,
    scene_split,
    scene_splits,
)


def points(count, seed=42):
    return Protocol("faster", seed, mode="exact", grid_points=count)


FOLDS = ("fold00", "fold01", "fold02", "fold03")


def test_a_scene_task_is_learned_and_scored_on_its_test_split():
    task = make_task(param_grid={"lr": [0.03]}, evaluation=tuple(SCENE_SCORES))
    splits = scene_splits(task)
    result = evaluate_task(task, splits, points(8))
    (fold,) = result.folds
    assert set(fold.scores) == {"test_loss", *SCENE_SCORES}
    assert fold.scores["top1_acc"] > 0.7
    assert fold.predictions.shape == (60, 3)
    assert fold.predictions.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-5)
    hits = fold.predictions.argmax(axis=1) == splits["test"].targets.argmax(axis=1)
    assert fold.scores["top1_acc"] == pytest.approx(hits.mean())
    assert fold.clips == splits["test"].clips
    assert (result.score_name, result.score_mode, result.monitored) == (
        "top1_acc",
        "max",
        "top1_acc",
    )
    assert result.postprocessing == ()
    assert result.hyperparameters["lr"] == 0.03


def test_an_event_task_scores_the_events_it_keeps():
    task = make_event_task(evaluation=tuple(EVENT_SCORES))
    splits = event_splits(task)
    result = evaluate_task(task, splits, points(8))
    (fold,) = result.folds
    assert fold.scores["event_onset_200ms_fms"] > 0.3
    assert set(fold.predictions) == set(splits["test"].clips)
    assert all(isinstance(e, Event) for events in fold.predictions.values() for e in events)
    names = splits["test"].clips
    reference = event_table(splits["test"].events, names, task.vocabulary)
    predicted = event_table(fold.predictions, names, task.vocabulary)
    for name, score in EVENT_SCORES.items():
        for part, value in score(reference, predicted).items():
            assert fold.scores[f"{name}_{part}"] == pytest.approx(value, abs=1e-6, nan_ok=True)
    assert dict(result.postprocessing)["median_filter_ms"] == 250


def test_k_folds_reuse_the_grid_point_of_the_first_fold():
    task = make_task(split_mode="new_split_kfold", splits=FOLDS)
    calls = []
    result = evaluate_task(
        task, scene_splits(task), points(2), on_progress=lambda *p: calls.append(p)
    )
    assert [fold.test_split for fold in result.folds] == list(FOLDS)
    assert calls == [(i, 5) for i in range(1, 6)]
    mean = np.mean([fold.scores["top1_acc"] for fold in result.folds])
    assert result.scores["top1_acc"] == pytest.approx(mean)


def test_the_same_seed_gives_the_same_scores_and_the_callers_random_state_is_kept():
    task = make_task()
    splits = scene_splits(task)
    torch.manual_seed(11)
    expected_draw = torch.rand(1)
    torch.manual_seed(11)
    first = evaluate_task(task, splits, points(8))
    assert torch.equal(torch.rand(1), expected_draw)
    again, other = (evaluate_task(task, splits, points(8, s)) for s in (42, 43))
    assert first.folds[0].scores == again.folds[0].scores
    assert first.folds[0].scores != other.folds[0].scores


def test_selection_by_loss_takes_the_smallest():
    task = make_task(use_scoring_for_early_stopping=False)
    result = evaluate_task(task, scene_splits(task), points(3))
    assert (result.monitored, result.score_mode) == ("loss", "max")
    one = evaluate_task(task, scene_splits(task), points(1))
    assert result.folds[0].validation_score <= one.folds[0].validation_score


def test_selection_by_loss_uses_the_one_postprocessing_of_an_event_task():
    grid = {"median_filter_ms": [150], "min_duration": [50]}
    task = make_event_task(use_scoring_for_early_stopping=False, postprocessing_grid=grid)
    result = evaluate_task(task, event_splits(task), points(1))
    assert result.postprocessing == (("median_filter_ms", 150), ("min_duration", 50))


def test_selection_by_loss_cannot_choose_between_postprocessings():
    task = make_event_task(use_scoring_for_early_stopping=False)
    with pytest.raises(ValueError, match="must have exactly one point, but has 2"):
        evaluate_task(task, event_splits(task), points(8))


def test_an_error_rate_is_minimised_over_epochs_and_grid_points():
    task = make_event_task(evaluation=("segment_1s_er",))
    result = evaluate_task(task, event_splits(task), points(3))
    assert result.score_mode == "min"
    one = evaluate_task(task, event_splits(task), points(1))
    assert result.folds[0].validation_score <= one.folds[0].validation_score


def test_a_head_that_predicts_no_event_gets_nan_and_the_worst_validation_score():
    task = make_event_task(param_grid={"lr": [0.5], "check_val_every_n_epoch": [10]})
    splits = event_splits(task)
    splits["train"].targets[:] = 0  # so that the head learns to predict nothing
    (fold,) = evaluate_task(task, splits, points(1)).folds
    assert (fold.epoch, fold.validation_score) == (9, -math.inf)
    assert math.isnan(fold.scores["event_onset_200ms_fms"])
    assert fold.scores["segment_1s_er"] == pytest.approx(1.0)
    assert fold.predictions == {clip: [] for clip in splits["test"].clips}


def test_an_unknown_score_is_refused_before_any_training():
    task = make_task(evaluation=("top1_acc", "top5_acc"))
    with pytest.raises(ValueError, match="'top5_acc' is unknown"):
        evaluate_task(task, scene_splits(task), points(8))


def test_one_training_clip_is_refused():
    task = make_task()
    splits = {**scene_splits(task), "train": scene_split(task, "train", clips=1)}
    with pytest.raises(ValueError, match="one training row only"):
        evaluate_task(task, splits, points(8))
