"""Trainings done in parts, in any order that their rounds allow, give what one process gives."""

import random

import numpy as np
import pytest
import torch

from benchmark.heads import evaluate, evaluate_task
from benchmark.heads.saved_heads import SavedHeads
from benchmark.heads.stages import Stage, rounds, train_stage
from benchmark.protocol import Protocol
from tests.benchmark.heads.small_tasks import (
    event_splits,
    make_event_task,
    make_task,
    scene_splits,
)

FOLDS = ("fold00", "fold01", "fold02", "fold03")
SHORT = {"max_epochs": [3], "batch_size": [32]}


def test_what_depends_on_what():
    task = make_task(split_mode="new_split_kfold", splits=FOLDS)
    # The grid "faster" has 0 or 1 hidden layers of 64 or 128 units: four shapes.
    search, rest = rounds(task, Protocol("faster", mode="fast"))
    assert {stage.fold for stage in search} == {0}
    assert sorted(index for stage in search for index in stage.points) == list(range(8))
    assert 1 < len(search) <= 4
    assert rest == [Stage(fold, (0,)) for fold in (1, 2, 3)]
    (together,) = rounds(task, Protocol("faster", mode="fast", rules="strict"))
    assert [stage.fold for stage in together] == sorted([0, 1, 2, 3] * len(search))
    # One stream of random numbers: a round each.
    everything = tuple(range(8))
    assert rounds(task, Protocol("faster", mode="exact")) == [
        [Stage(0, everything)],
        *([Stage(fold, (0,))] for fold in (1, 2, 3)),
    ]
    assert rounds(task, Protocol("faster", mode="exact", rules="strict")) == [
        [Stage(fold, everything)] for fold in (0, 1, 2, 3)
    ]


@pytest.mark.parametrize("rules", ["published", "strict"])
@pytest.mark.parametrize("mode", ["fast", "exact"])
def test_stages_leave_the_heads_of_one_process(mode, rules, tmp_path, monkeypatch):
    task = make_task(split_mode="new_split_kfold", splits=FOLDS, param_grid=SHORT)
    _compare(task, scene_splits(task), Protocol("faster", 7, mode, rules), tmp_path, monkeypatch)


def test_so_they_do_for_events(tmp_path, monkeypatch):
    task = make_event_task(param_grid=SHORT)
    _compare(task, event_splits(task), Protocol("faster", mode="fast"), tmp_path, monkeypatch)


def _compare(task, splits, protocol, folder, monkeypatch):
    whole = evaluate_task(task, splits, protocol)
    saved = SavedHeads(folder)
    state = torch.get_rng_state()
    for stages in rounds(task, protocol):
        for stage in random.Random(0).sample(stages, len(stages)):
            torch.rand(5)  # another process would be in any state
            train_stage(task, splits, protocol, stage, saved)
    torch.set_rng_state(state)
    for training in ("train_stack", "train_head"):
        monkeypatch.delattr(f"benchmark.heads.{_file(training)}.{training}")
    parts = evaluate_task(task, splits, protocol, saved=folder)
    assert len(parts.folds) == len(whole.folds)
    for one, other in zip(parts.folds, whole.folds, strict=True):
        assert one.scores == other.scores
        assert one.epoch == other.epoch
        assert one.hyperparameters == other.hyperparameters
        assert one.validation_curve == other.validation_curve
        np.testing.assert_equal(one.predictions, other.predictions)


def _file(training):
    return {"train_stack": "fast.train", "train_head": "exact"}[training]


def test_a_stage_without_the_heads_before_it_is_refused(tmp_path):
    task = make_task(split_mode="new_split_kfold", splits=FOLDS, param_grid=SHORT)
    splits, protocol = scene_splits(task), Protocol("faster")
    _, rest = rounds(task, protocol)
    with pytest.raises(OSError, match="Head fold00-0 is gone from"):
        train_stage(task, splits, protocol, rest[0], SavedHeads(tmp_path))


def test_a_stage_refuses_what_the_evaluation_refuses(tmp_path):
    task = make_task(param_grid=SHORT)
    splits = scene_splits(task)
    splits["valid"].embeddings[3] = np.nan
    protocol = Protocol("faster")
    with pytest.raises(ValueError, match="NaN or infinity") as whole:
        evaluate.evaluate_task(task, splits, protocol)
    with pytest.raises(ValueError, match="NaN or infinity") as part:
        train_stage(task, splits, protocol, rounds(task, protocol)[0][0], SavedHeads(tmp_path))
    assert str(part.value) == str(whole.value)
