"""Embeddings and labels of splits as tensors, after the checks that spare a head bad input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.heads.lazy_rows import StoredEmbeddings
from benchmark.heads.outputs import loss_targets
from benchmark.tasks.task import Task

Split = SceneSplit | EventSplit
CHECKED_ROWS = 1 << 14  # at once


@dataclass(frozen=True)
class Rows:
    """What a head trains on.

    Attributes:
        embeddings: float32, shape (rows, size); take slices of rows.
        targets: As `benchmark.heads.outputs.loss_targets` gives them.
    """

    embeddings: Tensor | StoredEmbeddings
    targets: Tensor


class Batch(NamedTuple):
    """Some consecutive rows.

    Attributes:
        embeddings: float32, shape (rows, size).
        targets: As in `Rows`.
    """

    embeddings: Tensor
    targets: Tensor


def rows_of(task: Task, splits: Sequence[Split]) -> Rows:
    """Rows of splits one after the other, never shuffled: upstream's order.

    Embeddings stay where they are; labels are in memory.
    """
    embeddings = StoredEmbeddings([split.embeddings for split in splits])
    return Rows(embeddings, targets_of(task, splits))


def targets_of(task: Task, splits: Sequence[Split]) -> Tensor:
    """Labels of splits one after the other, as `benchmark.heads.outputs.loss_targets`."""
    targets = [split.targets.astype(np.float32, copy=False) for split in splits]
    joined = targets[0] if len(targets) == 1 else np.concatenate(targets)
    return loss_targets(torch.from_numpy(joined), task.prediction_type)


def check_splits(task: Task, splits: Mapping[str, Split]) -> None:
    """Check every split that the task needs.

    Raises:
        ValueError: A split is missing or empty, has embeddings of another kind, size or count than
            its labels ask for, embeddings that are not finite, or a multiclass row without exactly
            one label.
    """
    for name in task.splits:
        if name not in splits:
            raise ValueError(f"Task {task.full_name}: split {name!r} has no embeddings.")
    size = splits[task.splits[0]].embeddings.shape[-1]
    for name in task.splits:
        _check_split(task, splits[name], f"Task {task.full_name}, split {name!r}", size)


def _check_split(task: Task, split: Split, where: str, size: int) -> None:
    if isinstance(split, EventSplit) != (task.embedding_type == "event"):
        raise ValueError(f"{where}: the embeddings are not {task.embedding_type} embeddings.")
    if not len(split.embeddings):
        raise ValueError(f"{where} has no clips: a head can neither train nor be scored on it.")
    wanted = (len(split.targets), size)
    if split.embeddings.shape != wanted or split.targets.shape[1] != len(task.vocabulary):
        raise ValueError(
            f"{where}: embeddings of shape {split.embeddings.shape} and labels of shape "
            f"{split.targets.shape} do not fit each other, the other splits' size {size} or the "
            f"vocabulary's {len(task.vocabulary)} labels: embed the task again."
        )
    row = _first_not_finite(split.embeddings)
    if row is not None:
        clip = _clip_of_row(split, row)
        raise ValueError(
            f"{where}: the embedding of clip {clip!r} holds NaN or infinity: "
            "the module must return finite numbers."
        )
    labels = split.targets.sum(axis=1)
    if task.prediction_type == "multiclass" and (labels != 1).any():
        row = int(np.argmax(labels != 1))
        raise ValueError(
            f"{where}: clip {_clip_of_row(split, row)!r} has {int(labels[row])} labels in one row, "
            "but a multiclass task needs exactly one: correct its labels."
        )


def _first_not_finite(embeddings: NDArray[np.float32]) -> int | None:
    """Index of the first row with NaN or infinity; a piece at a time, for it may be a file."""
    for start in range(0, len(embeddings), CHECKED_ROWS):
        finite = np.isfinite(embeddings[start : start + CHECKED_ROWS]).all(axis=1)
        if not finite.all():
            return start + int(np.argmin(finite))
    return None


def _clip_of_row(split: Split, row: int) -> str:
    if isinstance(split, SceneSplit):
        return split.clips[row]
    return split.clips[int(np.searchsorted(np.cumsum(split.frames_per_clip), row, side="right"))]
