"""One timed run of a task's heads in a process of its own; prints one line of JSON.

Everything is imported before the clocks are read, so that they show the work: reading the folder,
training, validating, scoring. It also counts the optimiser's steps and the weights updated in them.

The first step of a torch optimiser imports half of torch (torch._dynamo). Exact mode and the bare
loop make one before the clocks start; fast mode has no such optimiser. Upstream makes it within its
work, so `heads` measures that cost and subtracts it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.fast.training import StackTraining
from benchmark.heads.grid import GridPoint, grid_points
from benchmark.heads.result import TaskResult
from benchmark.heads.rows import rows_of
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from benchmark.speed.cost import Cost, now, run_measured
from benchmark.speed.floors import bare_loop, bare_products
from benchmark.tasks.task import Task, task_folds
from msssl_common.own_python import own_python


@dataclass(frozen=True)
class Training:
    """One training of an exact run, for the bare loop to repeat.

    Attributes:
        fold: Index of its fold.
        point: Hyperparameters.
        steps: Optimiser steps until it stopped.
    """

    fold: int
    point: GridPoint
    steps: int


def trainings_of(facts: list[dict[str, Any]]) -> tuple[Training, ...]:
    """Trainings as JSON keeps them."""
    return tuple(Training(t["fold"], GridPoint(**t["point"]), t["steps"]) for t in facts)


@dataclass(frozen=True)
class HeadRun:
    """What a process found out.

    Attributes:
        work: Cost of the work, without imports.
        score: The task's first test score (mean over folds); NaN of a bare loop.
        trainings: Of an exact run, in order; else empty.
        size: Embedding size.
        rows: Training rows of the first fold.
        threads: Of torch.
        updates: Weights that were updated, summed over all steps: how much was trained.
    """

    work: Cost
    score: float
    trainings: tuple[Training, ...]
    size: int
    rows: int
    threads: int
    updates: int

    @property
    def shape(self) -> dict[str, int]:
        """How much was trained, for a table to name."""
        return {
            "rows": self.rows,
            "size": self.size,
            "trainings": len(self.trainings),
            "steps": sum(training.steps for training in self.trainings),
            "threads": self.threads,
        }

    @staticmethod
    def from_json(line: str) -> HeadRun:
        """The inverse of what a process prints."""
        facts: dict[str, Any] = json.loads(line)
        facts["work"] = Cost(**facts["work"])
        facts["trainings"] = trainings_of(facts["trainings"])
        return HeadRun(**facts)


@dataclass
class Counted:
    """Counts so far.

    Attributes:
        steps: Of every optimiser of torch's, in the order of their first steps; in exact mode each
            training has one of its own.
        updates: Weights that were updated, summed over steps, in either mode.
    """

    steps: dict[torch.optim.Optimizer, int] = field(default_factory=dict)
    updates: int = 0

    def count(self, optimizer: torch.optim.Optimizer, *arguments: object) -> None:
        """Take note of a step of an optimiser of torch's."""
        self.steps[optimizer] = self.steps.get(optimizer, 0) + 1
        for group in optimizer.param_groups:
            self.updates += sum(weight.numel() for weight in group["params"])


@contextmanager
def counted_steps() -> Iterator[Counted]:
    """Count while the block runs."""
    counted = Counted()
    epoch = StackTraining.epoch

    def counted_epoch(training: StackTraining) -> None:
        counted.updates += training.epoch_updates
        epoch(training)

    hook = register_optimizer_step_post_hook(counted.count)
    try:
        with patch.object(StackTraining, "epoch", counted_epoch):
            yield counted
    finally:
        hook.remove()


def first_optimizer_step() -> Cost:
    """Make one step of a small optimiser, so that the next ones are only steps."""
    before = now()
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.Adam([weight])
    torch.autograd.backward(weight.sum())
    optimizer.step()
    optimizer.zero_grad()
    return now() - before


def measured_first_step() -> Cost:
    """The same in a process of its own."""
    said, _ = run_measured(own_python("benchmark.speed.head_process", "{}"))
    return Cost(**json.loads(said.splitlines()[-1]))


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
    """Do what `heads` asks for: a protocol's run, the bare steps of trainings, or a first step."""
    if not request:
        sys.stdout.write(json.dumps(asdict(first_optimizer_step())) + "\n")
        return
    folder = Path(request["folder"])
    if "trainings" in request:
        run = timed_steps(folder, trainings_of(request["trainings"]), request["products"])
    else:
        run = timed_heads(folder, Protocol(**request["protocol"]), request["device"])
    sys.stdout.write(json.dumps(asdict(run)) + "\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
