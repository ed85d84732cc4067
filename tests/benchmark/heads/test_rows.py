"""Bad embeddings and labels, each answered with one sentence."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.heads.rows import check_splits, rows_of
from tests.benchmark.heads.small_tasks import (
    event_splits,
    make_event_task,
    make_task,
    scene_split,
    scene_splits,
)

TASK = make_task()


def test_rows_keep_their_order():
    splits = scene_splits(TASK)
    rows = rows_of(TASK, [splits["valid"], splits["train"]])
    assert (rows.embeddings[:60].numpy() == splits["valid"].embeddings).all()
    assert (rows.embeddings[60:].numpy() == splits["train"].embeddings).all()
    assert (rows.targets[60:].numpy() == splits["train"].targets.argmax(axis=1)).all()


def test_multilabel_targets_stay_multi_hot():
    task = make_task(prediction_type="multilabel")
    split = scene_split(task, "train")
    assert (rows_of(task, [split]).targets.numpy() == split.targets).all()


def test_good_splits_pass():
    check_splits(TASK, scene_splits(TASK))
    task = make_event_task()
    check_splits(task, event_splits(task))


def refuse(sentence, task=TASK, **changes):
    splits = event_splits(task) if task.embedding_type == "event" else scene_splits(task)
    splits["valid"] = replace(splits["valid"], **changes)
    with pytest.raises(ValueError, match=sentence):
        check_splits(task, splits)


def test_a_missing_split_is_named():
    splits = scene_splits(TASK)
    del splits["valid"]
    with pytest.raises(ValueError, match="animals-v1-full: split 'valid' has no embeddings"):
        check_splits(TASK, splits)


def test_embeddings_that_are_not_finite_are_named_with_their_clip():
    embeddings = scene_split(TASK, "valid").embeddings.copy()
    embeddings[7, 3] = np.nan
    refuse("split 'valid': the embedding of clip 'valid7.wav' holds NaN", embeddings=embeddings)


def test_a_frame_that_is_not_finite_is_named_with_its_clip():
    task = make_event_task()
    embeddings = event_splits(task)["valid"].embeddings.copy()
    embeddings[60, 0] = np.inf
    refuse("clip 'valid1.wav' holds NaN or infinity", task, embeddings=embeddings)


def test_a_multiclass_row_needs_exactly_one_label():
    targets = scene_split(TASK, "valid").targets.copy()
    targets[2] = 0
    refuse("clip 'valid2.wav' has 0 labels in one row", targets=targets)


def test_shapes_that_do_not_fit_are_refused():
    refuse("do not fit each other", embeddings=np.zeros((60, 9), dtype=np.float32))
    refuse("do not fit each other", targets=np.ones((60, 2), dtype=np.float32))
    refuse("has no clips", embeddings=np.zeros((0, 8), dtype=np.float32))


def test_scene_embeddings_do_not_serve_an_event_task():
    with pytest.raises(ValueError, match="the embeddings are not event embeddings"):
        check_splits(make_event_task(), scene_splits(TASK))
