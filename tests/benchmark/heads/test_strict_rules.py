"""Strict rules mend what upstream gets wrong; the published ones keep it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads import evaluate_task
from benchmark.heads.monitor import selection
from benchmark.protocol import Protocol
from benchmark.scores.accuracy import chroma_acc, midi_chroma_acc
from tests.benchmark.heads.small_tasks import (
    event_splits,
    make_event_task,
    make_task,
    scene_splits,
)

FOLDS = ("fold00", "fold01", "fold02", "fold03")


def kfold_task():
    return make_task(
        split_mode="new_split_kfold",
        splits=FOLDS,
        param_grid={"lr": [0.1, 0.003], "hidden_layers": [1], "max_epochs": [6]},
    )


@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_strict_folds_choose_their_own_hyperparameters(mode):
    task = kfold_task()
    splits = scene_splits(task)
    calls = []
    strict = evaluate_task(
        task,
        splits,
        Protocol("faster", mode=mode, rules="strict", grid_points=3),
        on_progress=lambda done, total: calls.append((done, total)),
    )
    assert calls[-1] == (12, 12)  # three points in each of four folds
    published = evaluate_task(task, splits, Protocol("faster", mode=mode, grid_points=3))
    assert len({str(fold.hyperparameters) for fold in published.folds}) == 1
    assert len({str(fold.hyperparameters) for fold in strict.folds}) > 1


def test_the_test_fold_has_no_say_in_strict_mode():
    """Other labels in a fold must not change what is chosen for testing on it; upstream's do."""
    task = kfold_task()
    splits = scene_splits(task)
    rng = np.random.default_rng(0)
    shuffled = splits["fold01"].targets[rng.permutation(len(splits["fold01"].targets))]
    other = {**splits, "fold01": replace(splits["fold01"], targets=shuffled)}
    chosen = {}
    for rules in ("strict", "published"):
        protocol = Protocol("faster", mode="fast", rules=rules)
        results = [evaluate_task(task, variant, protocol) for variant in (splits, other)]
        chosen[rules] = [result.folds[1].hyperparameters for result in results]
    assert chosen["strict"][0] == chosen["strict"][1]
    assert chosen["published"][0] != chosen["published"][1]


def test_strict_rules_take_the_postprocessing_with_the_least_error():
    grid = {"median_filter_ms": [0], "min_duration": [0, 5000]}
    task = make_event_task(evaluation=("segment_1s_er",), postprocessing_grid=grid)
    split = event_splits(task)["valid"]
    logits = [torch.from_numpy(20 * split.targets - 10)]  # perfect frames
    strict = selection(task, split, "strict").monitor(logits)
    published = selection(task, split, "published").monitor(logits)
    assert strict.postprocessing == Postprocessing(0, 0)
    assert published.postprocessing == Postprocessing(0, 5000)  # no event is left: error rate 1
    assert strict.score < 0.2
    assert published.score == 1.0


def test_strict_chroma_counts_in_midi_numbers():
    midi = np.array([60, 62, 72])  # a vocabulary with gaps: C4, D4, C5
    targets = np.eye(3, dtype=np.float32)
    octave_errors = targets[[2, 1, 0]]  # C5 for C4 and the other way round
    assert midi_chroma_acc(octave_errors, targets, midi) == 1.0
    assert chroma_acc(octave_errors, targets) == pytest.approx(1 / 3)


def test_strict_chroma_needs_midi_numbers():
    task = make_task(evaluation=("pitch_acc", "chroma_acc"))
    protocol = Protocol("faster", mode="fast", rules="strict", grid_points=1)
    with pytest.raises(ValueError, match=r"needs MIDI numbers as labels, but one is 'bark'"):
        evaluate_task(task, scene_splits(task), protocol)
    notes = replace(task, vocabulary=("60", "62", "72"))
    result = evaluate_task(notes, scene_splits(task), protocol)
    assert 0 <= result.scores["chroma_acc"] <= 1
