"""The number of optimiser steps in a result is that of the steps that are taken."""

import pytest
import torch

from benchmark.heads import evaluate_task
from benchmark.heads.fast.stack import HeadStack
from benchmark.heads.probes.evaluate import evaluate_probe
from benchmark.protocol import Protocol
from tests.benchmark.heads.small_tasks import make_task, scene_splits

GRID = {"patience": [2], "max_epochs": [7], "check_val_every_n_epoch": [1], "batch_size": [16]}


@pytest.mark.parametrize(("mode", "clips"), [("exact", 60), ("fast", 60), ("exact", 33)])
def test_steps_are_those_that_the_optimiser_takes(mode, clips, monkeypatch) -> None:
    taken = []
    of = torch.optim.Adam if mode == "exact" else HeadStack
    step = of.step
    monkeypatch.setattr(
        of, "step", lambda *args, **named: (taken.append(1), step(*args, **named))[1]
    )
    task = make_task(param_grid={**GRID, "hidden_layers": [1]})
    splits = scene_splits(task, clips=clips)
    protocol = Protocol("faster", mode=mode, grid_points=1)
    (fold,) = evaluate_task(task, splits, protocol).folds
    assert fold.steps == len(taken)
    assert fold.steps >= clips // 16  # one epoch; 33 clips have two batches, as one row is no batch


def test_probes_have_none() -> None:
    task = make_task()
    (fold,) = evaluate_probe(task, scene_splits(task), Protocol("faster", probe="linear")).folds
    assert fold.steps is None
