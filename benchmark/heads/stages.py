"""The trainings of a task in parts that can be done on different machines, to the same bits.

Every part leaves its heads in one folder (`SavedHeads`), where `evaluate_task` finds all of them
and only scores. What depends on what:

* Under the published rules a fold's head needs the hyperparameters that the search on fold 0 chose;
  under the strict rules every fold has a search of its own.
* In fast mode each stack of a search (the grid points whose heads have equal shape) draws from
  generators of its own, so that all stacks of a round, and all folds, are independent.
* In exact mode one stream of random numbers runs through all grid points and folds, and how far
  depends on the epochs of each training. A part is a fold; it starts in the random state in which
  the fold before it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.heads.evaluate import check_task, searched_folds
from benchmark.heads.exact import train_exact
from benchmark.heads.fast.train import stacks, train_saved_stack
from benchmark.heads.fold_data import fold_data
from benchmark.heads.grid import GridPoint, grid_points
from benchmark.heads.monitor import selection
from benchmark.heads.rows import Split
from benchmark.heads.saved_heads import SavedHeads, head_name
from benchmark.heads.torch_state import seeded
from benchmark.heads.trained_head import TrainedHead, best_of
from benchmark.protocol import Protocol
from benchmark.tasks.task import Fold, Task, task_folds


@dataclass(frozen=True)
class Stage:
    """A part of a task's trainings.

    Attributes:
        fold: Index of the fold.
        points: Indices of the grid points among those that are tried in this fold.
    """

    fold: int
    points: tuple[int, ...]


def rounds(task: Task, protocol: Protocol) -> list[list[Stage]]:
    """All stages: those of a round need the rounds before theirs, but not each other.

    A probe that is no HEAR head has none: it is fitted where it is scored.

    Raises:
        ValueError: The grid or the task's folds are not fit to be used.
    """
    if protocol.probe != "mlp":
        return []
    folds = task_folds(task)
    searched = searched_folds(folds, protocol)
    points = grid_points(task, protocol.grid, protocol.seed, protocol.grid_points)
    search, rest = range(searched), range(searched, len(folds))
    if protocol.mode == "exact":
        everything = tuple(range(len(points)))
        alone = [Stage(fold, everything) for fold in search] + [Stage(fold, (0,)) for fold in rest]
        return [[stage] for stage in alone]
    first = [Stage(fold, tuple(stack)) for fold in search for stack in stacks(points)]
    then = [Stage(fold, (0,)) for fold in rest]
    return [first, then] if then else [first]


def train_stage(
    task: Task,
    splits: Mapping[str, Split],
    protocol: Protocol,
    stage: Stage,
    saved: SavedHeads,
    device: str = "cpu",
) -> None:
    """Train the heads of a stage and save them, except those that an earlier run has saved.

    The caller's random state is left as it was.

    Args:
        task: The task.
        splits: Embeddings and labels of every split of the task, by split name.
        protocol: Grid, seed, mode and rules.
        stage: One of its `rounds`.
        saved: The heads of the rounds before, and of this one.
        device: Torch device that trains in fast mode.

    Raises:
        ValueError: What `evaluate_task` refuses.
        OSError: Heads of an earlier round are missing.
    """
    check_task(task, splits, protocol)
    folds = task_folds(task)
    with seeded(protocol.seed):
        tried = _tried(task, splits, protocol, stage.fold, saved)
        data = fold_data(task, splits, folds[stage.fold], protocol)
        if protocol.mode == "fast":
            train_saved_stack(data, tried, stage.points, protocol.seed, saved, device)
            return
        if stage.fold:  # takes torch's random state to where the fold before ended
            before = _tried(task, splits, protocol, stage.fold - 1, saved)
            _load(saved, folds[stage.fold - 1], len(before) - 1, before[-1])
        train_exact(data, tried, saved, lambda heads: None)


def _tried(
    task: Task, splits: Mapping[str, Split], protocol: Protocol, fold: int, saved: SavedHeads
) -> list[GridPoint]:
    """The grid points of a fold: all, or the one that the search chose."""
    folds = task_folds(task)
    points = grid_points(task, protocol.grid, protocol.seed, protocol.grid_points)
    if fold < searched_folds(folds, protocol):
        return points
    heads = [_load(saved, folds[0], index, point) for index, point in enumerate(points)]
    mode = selection(task, splits[folds[0].valid], protocol.rules).mode
    return [best_of(heads, mode).point]


def _load(saved: SavedHeads, fold: Fold, index: int, point: GridPoint) -> TrainedHead:
    head = saved.load(head_name(fold, index), point)
    if head is None:
        raise OSError(f"Head {head_name(fold, index)} is gone from {saved.folder}")
    return head
