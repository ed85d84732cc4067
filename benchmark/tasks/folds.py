"""Which splits train, validate and test.

Source: heareval.predictions.task_predictions.get_splits_from_metadata, data_splits_from_folds.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.tasks.task import Task


@dataclass(frozen=True)
class Fold:
    """Split names of one training.

    Attributes:
        train: Training splits, in the order in which their rows are concatenated.
        valid: Split that selects epoch, hyperparameters and post-processing.
        test: Split that is scored.
    """

    train: tuple[str, ...]
    valid: str
    test: str


def task_folds(task: Task) -> list[Fold]:
    """One fold for train/valid/test; else fold i tests, fold i + 1 validates and the rest trains.

    Raises:
        ValueError: Fewer than three folds, so that none is left to train on.
    """
    if task.split_mode == "trainvaltest":
        return [Fold(("train",), "valid", "test")]
    names = sorted(task.splits)
    if len(names) < 3:
        raise ValueError(
            f"Task {task.full_name} has {len(names)} folds, but needs three: one to test, "
            "one to validate and at least one to train."
        )
    folds = []
    for i, test in enumerate(names):
        valid = names[(i + 1) % len(names)]
        train = tuple(name for name in names if name not in (test, valid))
        folds.append(Fold(train, valid, test))
    return folds
