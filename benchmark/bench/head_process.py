"""One timed run of a task's heads, in a process of its own: ``python -m`` this, by `heads`.

Prints one line of JSON. Everything is imported before the clocks are read, so that what they show
is the work: reading the folder, training, validating, scoring. An optimiser's first step is made
before as well, for torch imports half of itself (torch._dynamo) in it.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmark.bench.bare_loop import bare_loop
from benchmark.bench.cost import Cost, now
from benchmark.bench.head_run import HeadRun, Training, trainings_of
from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.grid import GridPoint, grid_points
from benchmark.heads.result import TaskResult
from benchmark.heads.rows import rows_of
from benchmark.interchange.heareval_folder import read_heareval_folder
from benchmark.protocol import Protocol
from benchmark.tasks.folds import task_folds
from benchmark.tasks.task import Task


def first_optimizer_step() -> Cost:
    """Make one step of a small optimiser, so that the next ones are only steps."""
    before = now()
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.Adam([weight])
    torch.autograd.backward(weight.sum())
    optimizer.step()
    optimizer.zero_grad()
    return now() - before


def timed_heads(folder: Path, protocol: Protocol, device: str) -> HeadRun:
    """Train and score the heads of a folder's task."""
    steps: dict[torch.optim.Optimizer, int] = {}

    def count(optimizer: torch.optim.Optimizer, *arguments: object) -> None:
        steps[optimizer] = steps.get(optimizer, 0) + 1

    first_step = first_optimizer_step()
    counting = register_optimizer_step_post_hook(count)
    before = now()
    task, splits = read_heareval_folder(folder)
    result = evaluate_task(task, splits, protocol, device=device)
    work = now() - before
    counting.remove()
    counts = list(steps.values())  # in exact mode every training has an optimiser of its own
    trainings = _trainings(task, protocol, result, counts) if protocol.mode == "exact" else ()
    train = rows_of(task, [splits[name] for name in task_folds(task)[0].train]).embeddings
    return HeadRun(
        work=work,
        first_step=first_step,
        score=result.scores[result.score_name],
        trainings=trainings,
        size=train.shape[1],
        rows=len(train),
        threads=torch.get_num_threads(),
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


def timed_bare_loop(folder: Path, trainings: tuple[Training, ...]) -> HeadRun:
    """Repeat the steps of an exact run's trainings, and nothing else."""
    task, splits = read_heareval_folder(folder)
    folds = task_folds(task)
    data = [rows_of(task, [splits[name] for name in fold.train]) for fold in folds]
    first_step = first_optimizer_step()
    before = now()
    for training in trainings:
        rows = data[training.fold]
        classes = len(task.vocabulary)
        bare_loop(rows, classes, task.prediction_type, training.point, training.steps)
    work = now() - before
    count, size = data[0].embeddings.shape
    return HeadRun(work, first_step, float("nan"), (), size, count, torch.get_num_threads())


def main(request: dict[str, Any]) -> None:
    """Do what `heads` asks for: a protocol's run, or the bare loop of given trainings."""
    folder = Path(request["folder"])
    if "trainings" in request:
        run = timed_bare_loop(folder, trainings_of(request["trainings"]))
    else:
        run = timed_heads(folder, Protocol(**request["protocol"]), request["device"])
    sys.stdout.write(json.dumps(asdict(run)) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
