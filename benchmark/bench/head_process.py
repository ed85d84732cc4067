"""One timed run of a task's heads, in a process of its own: ``python -m`` this, by `heads`.

Prints one line of JSON. Everything is imported before the clocks are read, so that what they show
is the work: reading the folder, training, validating, scoring. Exact mode and the bare loop make an
optimiser's first step before as well, for torch imports half of itself (torch._dynamo) in it; fast
mode has no such optimiser.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from benchmark.bench.bare_loop import bare_loop
from benchmark.bench.bare_products import bare_products
from benchmark.bench.cost import now
from benchmark.bench.counted_steps import counted_steps
from benchmark.bench.first_step import first_optimizer_step
from benchmark.bench.head_run import HeadRun, Training, trainings_of
from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.grid import GridPoint, grid_points
from benchmark.heads.result import TaskResult
from benchmark.heads.rows import rows_of
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from benchmark.tasks.folds import task_folds
from benchmark.tasks.task import Task


def timed_heads(folder: Path, protocol: Protocol, device: str) -> HeadRun:
    """Train and score the heads of a folder's task."""
    if protocol.mode == "exact":
        first_optimizer_step()
    with counted_steps() as counted:
        before = now()
        task, splits = read_heareval_folder(folder)
        result = evaluate_task(task, splits, protocol, device=device)
        work = now() - before
    counts = list(counted.steps.values())
    trainings = _trainings(task, protocol, result, counts) if protocol.mode == "exact" else ()
    train = rows_of(task, [splits[name] for name in task_folds(task)[0].train]).embeddings
    return HeadRun(
        work=work,
        score=result.scores[result.score_name],
        trainings=trainings,
        size=train.shape[1],
        rows=len(train),
        threads=torch.get_num_threads(),
        updates=counted.updates,
    )


def _trainings(
    task: Task, protocol: Protocol, result: TaskResult, counts: list[int]
) -> tuple[Training, ...]:
    points = grid_points(task, protocol.grid, protocol.seed, protocol.grid_points)
    chosen = GridPoint(**result.hyperparameters)  # type: ignore[arg-type]
    tried = [(0, point) for point in points]
    tried += [(index, chosen) for index in range(1, len(result.folds))]
    return tuple(
        Training(fold, point, count) for (fold, point), count in zip(tried, counts, strict=True)
    )


def timed_steps(folder: Path, trainings: tuple[Training, ...], products: str) -> HeadRun:
    """Repeat the steps of an exact run's trainings, and nothing else.

    Args:
        folder: Of embeddings.
        trainings: What is repeated.
        products: Name of a floating-point type, for the steps' matrix products alone; empty for
            whole steps.
    """
    task, splits = read_heareval_folder(folder)
    folds = task_folds(task)
    data = [rows_of(task, [splits[name] for name in fold.train]) for fold in folds]
    classes = len(task.vocabulary)
    if not products:
        first_optimizer_step()
    before = now()
    for training in trainings:
        rows, point, steps = data[training.fold], training.point, training.steps
        if products:
            bare_products(rows, classes, point, steps, getattr(torch, products))
        else:
            bare_loop(rows, classes, task.prediction_type, point, steps)
    work = now() - before
    count, size = data[0].embeddings.shape
    return HeadRun(work, float("nan"), (), size, count, torch.get_num_threads(), 0)


def main(request: dict[str, Any]) -> None:
    """Do what `heads` asks for: a protocol's run, or the bare steps of given trainings."""
    folder = Path(request["folder"])
    if "trainings" in request:
        run = timed_steps(folder, trainings_of(request["trainings"]), request["products"])
    else:
        run = timed_heads(folder, Protocol(**request["protocol"]), request["device"])
    sys.stdout.write(json.dumps(asdict(run)) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
