"""Reading a task's embeddings as hear-eval-kit keeps them: upstream's own folder or our export.

A folder ``{embeddings}/{module}/{task}`` has for each split::

    {split}.json                      labels, a copy of the task's
    {split}.embedding-dimensions.json [rows, size]
    {split}.embeddings.npy            raw float32, no header
    {split}.target-labels.pkl         labels of each row
    {split}.filename-timestamps.json  clip and time of each row, event tasks only

and the task's ``task_metadata.json`` and ``labelvocabulary.csv``. Everything is taken for a
stranger's: no file can run code, and what does not fit together is told in one sentence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.interchange.frame_times import frame_times_path, read_frame_times
from benchmark.interchange.raw_embeddings import read_raw_embeddings
from benchmark.interchange.row_labels import (
    check_frame_labels,
    check_scene_labels,
    labels_path,
    read_row_labels,
)
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import Task, read_task


def read_heareval_folder(folder: Path) -> tuple[Task, dict[str, SceneSplit | EventSplit]]:
    """Read a task and the embeddings and labels of its splits.

    The labels are those of ``{split}.target-labels.pkl``, on which upstream trains.

    Args:
        folder: A folder of one task, written by ``heareval.embeddings.runner`` or
            ``msbench export``.

    Returns:
        The task, whose name is the folder's, and its splits; embeddings are memory maps.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is damaged, holds code, or does not fit the others.
    """
    task = read_task(folder)
    splits: dict[str, SceneSplit | EventSplit] = {}
    if task.embedding_type == "event":
        for split in task.splits:
            splits[split] = _read_event_split(task, split)
        return task, splits
    labels = {split: read_scene_labels(task, split) for split in task.splits}
    for split, clips in row_order(task, labels).items():
        splits[split] = _read_scene_split(task, split, clips, labels[split])
    return task, splits


def _read_scene_split(
    task: Task, split: str, clips: list[str], labels: dict[str, list[str]]
) -> SceneSplit:
    embeddings = read_raw_embeddings(task.folder, split)
    if len(embeddings) != len(clips):
        raise ValueError(
            f"{task.folder}: split '{split}' has {len(embeddings)} embeddings, but {split}.json "
            f"lists {len(clips)} clips: embed the task again."
        )
    targets = read_row_labels(task.folder, split, task.vocabulary, len(embeddings))
    expected = np.zeros_like(targets)
    for row, clip in enumerate(clips):
        expected[row, [task.vocabulary.index(label) for label in labels[clip]]] = 1
    check_scene_labels(labels_path(task.folder, split), targets, expected, clips)
    return SceneSplit(split, embeddings, targets, tuple(clips))


def _read_event_split(task: Task, split: str) -> EventSplit:
    events = read_events(task, split)
    embeddings = read_raw_embeddings(task.folder, split)
    frames = read_frame_times(task.folder, split, events)
    if len(frames.timestamps_ms) != len(embeddings):
        raise ValueError(
            f"{frame_times_path(task.folder, split)} has {len(frames.timestamps_ms)} rows, but "
            f"split '{split}' has {len(embeddings)} embeddings: embed the task again."
        )
    targets = read_row_labels(task.folder, split, task.vocabulary, len(embeddings))
    path = labels_path(task.folder, split)
    check_frame_labels(path, targets, frames, events, task.vocabulary)
    return EventSplit(
        name=split,
        embeddings=embeddings,
        targets=targets,
        clips=frames.clips,
        frames_per_clip=frames.frames_per_clip,
        timestamps_ms=frames.timestamps_ms,
        events=events,
    )
