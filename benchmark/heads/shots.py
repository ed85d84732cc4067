"""A few clips of each class to train on: what a draw of them leaves of a split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.heads.rows import Split
from benchmark.tasks.task import Task


def few_clips(task: Task, splits: Sequence[Split], shots: int, seed: int) -> SceneSplit:
    """Draw clips of each class from some splits.

    With one seed, the clips of a smaller draw are among those of a larger one. Of a class with
    fewer clips all are taken. Where clips have several labels, a class counts those that other
    classes have drawn, so that it has at least so many.

    Args:
        task: A scene or pitch task.
        splits: Splits whose clips are put together.
        shots: Clips of each class.
        seed: Of the draw.

    Raises:
        ValueError: An event task, whose clips have no class.
    """
    scenes = [split for split in splits if not isinstance(split, EventSplit)]
    if len(scenes) < len(splits):
        raise ValueError(f"--shots is for scene and pitch tasks; {task.full_name} has events.")
    targets = np.concatenate([split.targets for split in scenes])
    name = "+".join(split.name for split in scenes)
    rows = drawn_rows(targets, shots, np.random.default_rng([seed, *name.encode()]))
    embeddings, clips, start = [], [], 0
    for split in scenes:
        own = rows[(rows >= start) & (rows < start + len(split.clips))] - start
        embeddings.append(np.asarray(split.embeddings[own]))
        clips += [split.clips[row] for row in own]
        start += len(split.clips)
    return SceneSplit(name, np.concatenate(embeddings), targets[rows], tuple(clips))


def check_enough(task: Task, splits: Sequence[Split], shots: int) -> None:
    """Refuse more clips than any class has: all would be taken, under a name that says otherwise.

    Args:
        task: The task.
        splits: To train on.
        shots: Clips of each class.

    Raises:
        ValueError: No class has so many.
    """
    most = int(sum((split.targets > 0).sum(axis=0) for split in splits).max(initial=0))
    if most < shots:
        raise ValueError(
            f"{task.full_name} has {most} clips of a class to train on at most, so that --shots "
            f"{shots} would take them all: ask for {most} at most."
        )


def drawn_rows(
    targets: NDArray[np.float32], shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Indices of the rows drawn, ascending.

    Args:
        targets: Multi-hot, shape (rows, classes).
        shots: Rows of each class.
        generator: Draws one order of all rows, whatever the number of shots.
    """
    order = generator.permutation(len(targets))
    chosen = np.zeros(len(targets), bool)
    for column in np.argsort(targets.sum(axis=0), kind="stable"):  # the rarest class first
        of_class = order[targets[order, column] > 0]
        lacking = max(0, shots - int(chosen[of_class].sum()))
        chosen[of_class[~chosen[of_class]][:lacking]] = True
    return np.flatnonzero(chosen)
