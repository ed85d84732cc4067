"""The heads' hyperparameters: HEAR's three grids and the order in which points are drawn.

Source: heareval.predictions.task_predictions, PARAM_GRID, FAST_PARAM_GRID, FASTER_PARAM_GRID,
TASK_SPECIFIC_PARAM_GRID and task_predictions. Upstream's keys that have one value in every grid
(BatchNorm before the activation, Adam, no norm of the embeddings) are part of the model here;
without them scikit-learn yields the points in the same order.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from benchmark.protocol import parameter_points
from benchmark.tasks.grids import MOST_POINTS, PARAMETER_BOUNDS, number_fault
from benchmark.tasks.task import Task
from msssl_common.bounds import check_count

Grid = Mapping[str, Sequence[object]]
MOST_WEIGHTS = 2**26  # between hidden layers of a head; HEAR's largest have 2**21

INITIALIZATIONS = ("xavier_uniform_", "xavier_normal_")

PARAM_GRID: Grid = {
    "hidden_layers": [1, 2],
    "hidden_dim": [1024],
    "dropout": [0.1],
    "lr": [3.2e-3, 1e-3, 3.2e-4, 1e-4],
    "patience": [20],
    "max_epochs": [500],
    "check_val_every_n_epoch": [3],
    "batch_size": [1024],
    "initialization": INITIALIZATIONS,
}
FAST_PARAM_GRID: Grid = {
    **PARAM_GRID,
    "max_epochs": [10, 50],
    "check_val_every_n_epoch": [3, 10],
}
FASTER_PARAM_GRID: Grid = {
    **PARAM_GRID,
    "hidden_layers": [0, 1],
    "hidden_dim": [64, 128],
    "patience": [1, 3],
    "max_epochs": [10],
    "check_val_every_n_epoch": [1],
}
GRIDS = {"default": PARAM_GRID, "fast": FAST_PARAM_GRID, "faster": FASTER_PARAM_GRID}

# By task_name of the metadata.
TASK_PARAM_GRIDS: Mapping[str, Grid] = {"dcase2016_task2": {"check_val_every_n_epoch": [10]}}


@dataclass(frozen=True)
class GridPoint:
    """Hyperparameters of one head.

    Attributes:
        hidden_layers: Number of hidden layers; 0 is a linear head.
        hidden_dim: Units of a hidden layer.
        dropout: Probability of dropping a hidden unit.
        lr: Adam's learning rate.
        patience: Validations without improvement before training stops.
        max_epochs: Epochs at most.
        check_val_every_n_epoch: Epochs from one validation to the next.
        batch_size: Rows per training step.
        initialization: Function of ``torch.nn.init`` for the weights.
    """

    hidden_layers: int
    hidden_dim: int
    dropout: float
    lr: float
    patience: int
    max_epochs: int
    check_val_every_n_epoch: int
    batch_size: int
    initialization: str


def grid_points(task: Task, grid: str, seed: int, limit: int) -> list[GridPoint]:
    """The points of a named grid for a task that are tried, in upstream's order for this seed.

    The task's own values come last and win: first those for its name, then its metadata's.

    Raises:
        ValueError: The grid's name, or a key or value of the task's own grid, is not known, or a
            point would end before its first validation.
    """
    if grid not in GRIDS:
        raise ValueError(f"The grid {grid!r} is unknown: choose one of {', '.join(GRIDS)}.")
    if limit < 1:
        raise ValueError(f"At least one grid point must be tried, but {limit} were asked for.")
    known = {field.name for field in fields(GridPoint)}
    unknown = sorted(set(task.param_grid) - known)
    if unknown:
        raise ValueError(
            f"Task {task.full_name}: task_specific_param_grid has the unknown key {unknown[0]!r}; "
            f"known are {', '.join(sorted(known))}."
        )
    values = {**GRIDS[grid], **TASK_PARAM_GRIDS.get(task.name, {}), **task.param_grid}
    where = f"Task {task.full_name}: with task_specific_param_grid the grid"
    check_count(math.prod(map(len, values.values())), MOST_POINTS, "points", where, ".")
    points = [GridPoint(**point) for point in parameter_points(values)]
    random.Random(seed).shuffle(points)
    for point in points[:limit]:
        _check(task, point)
    return points[:limit]


def _check(task: Task, point: GridPoint) -> None:
    where = f"Task {task.full_name}: task_specific_param_grid"
    if point.initialization not in INITIALIZATIONS:
        raise ValueError(
            f"{where} has initialization {point.initialization!r}; "
            f"known are {' and '.join(INITIALIZATIONS)}."
        )
    for name in PARAMETER_BOUNDS:
        if fault := number_fault(name, getattr(point, name)):
            raise ValueError(f"{where} has {name} {fault}.")
    if point.hidden_layers * point.hidden_dim**2 > MOST_WEIGHTS:
        raise ValueError(
            f"{where} has {point.hidden_layers} hidden layers of {point.hidden_dim} units: heads "
            f"may have {MOST_WEIGHTS:,} weights between hidden layers at most."
        )
    if point.dropout >= 1:
        raise ValueError(f"{where} has dropout {point.dropout!r}, which leaves no unit.")
    if point.max_epochs < point.check_val_every_n_epoch:
        raise ValueError(
            f"Task {task.full_name}: training would end after max_epochs = {point.max_epochs}, "
            f"before its first validation at epoch {point.check_val_every_n_epoch}: raise "
            "max_epochs or lower check_val_every_n_epoch."
        )
