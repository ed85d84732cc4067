"""Read a task's embeddings from hear-eval-kit's folder: upstream's own, or our export.

A folder ``{embeddings}/{module}/{task}`` has for each split::

    {split}.json                      labels, a copy of the task's
    {split}.embedding-dimensions.json [rows, size]
    {split}.embeddings.npy            raw float32, no header
    {split}.target-labels.pkl         labels of each row
    {split}.filename-timestamps.json  clip and time of each row, event tasks only

and the task's ``task_metadata.json`` and ``labelvocabulary.csv``. Upstream's ``.npy`` is a raw
memory map: float32, C order, its shape in the other file.

The folder is not trusted: no file can run code, and a file that does not fit the others is refused
in one sentence. The folder's hash covers everything that its scores depend on, except the protocol.
"""

from __future__ import annotations

import hashlib
import json
import reprlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.heareval.row_files import (
    check_frame_labels,
    check_scene_labels,
    frame_times_path,
    labels_path,
    read_frame_times,
    read_row_labels,
)
from benchmark.tasks.event_places import refuse_unheard
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.metadata import METADATA_FILE, VOCABULARY_FILE
from benchmark.tasks.task import Task, read_task

DTYPE: Final = np.dtype("<f4")
CHUNK_NUMBERS: Final = 1 << 22  # 16 MiB are copied at once


def embeddings_path(folder: Path, split: str) -> Path:
    """Where a split's numbers are."""
    return folder / f"{split}.embeddings.npy"


def dimensions_path(folder: Path, split: str) -> Path:
    """Where a split's shape is."""
    return folder / f"{split}.embedding-dimensions.json"


def read_raw_embeddings(folder: Path, split: str) -> NDArray[np.float32]:
    """Map a split's embeddings into memory, read-only.

    Returns:
        float32, shape (rows, size).

    Raises:
        FileNotFoundError: One of the two files is missing.
        ValueError: The shape is no shape, or the file is shorter or longer than it says.
    """
    rows, size = _dimensions(folder, split)
    path = embeddings_path(folder, split)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should hold {rows} embeddings.")
    wanted, found = rows * size * DTYPE.itemsize, path.stat().st_size
    if found != wanted:
        raise ValueError(
            f"{path} has {found} bytes, but {rows} x {size} float32 numbers without a header "
            f"({dimensions_path(folder, split).name}) are {wanted}: embed the task again."
        )
    return np.memmap(path, dtype=DTYPE, mode="r", shape=(rows, size))


def write_raw_embeddings(folder: Path, split: str, embeddings: NDArray[np.floating]) -> None:
    """Write a split's two files, a chunk of rows at a time: the array may be a memory map.

    Args:
        folder: Where.
        split: Name of the split.
        embeddings: Shape (rows, size).
    """
    rows, size = embeddings.shape
    step = max(1, CHUNK_NUMBERS // size)
    with embeddings_path(folder, split).open("wb") as file:
        for start in range(0, rows, step):
            file.write(np.ascontiguousarray(embeddings[start : start + step], DTYPE).data)
    dimensions_path(folder, split).write_text(json.dumps([rows, size]), encoding="utf-8")


def _dimensions(folder: Path, split: str) -> tuple[int, int]:
    path = dimensions_path(folder, split)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: it should hold the shape of split '{split}', as in every folder "
            "of embeddings that hear-eval-kit or msbench export wrote to its end."
        )
    try:
        shape = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}.") from None
    numbers = shape if isinstance(shape, list) else []
    if len(numbers) != 2 or not all(type(number) is int and number > 0 for number in numbers):
        raise ValueError(f"{path} must hold [rows, size], above 0, not {reprlib.repr(shape)}.")
    return numbers[0], numbers[1]


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
    ends = frames.timestamps_ms[np.cumsum(frames.frames_per_clip) - 1].tolist()
    where = f"{task.full_name}, split {split}"
    refuse_unheard(events, dict(zip(frames.clips, ends, strict=True)), where)
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


CHUNK_BYTES: Final = 1 << 20


def folder_hash(task: Task) -> str:
    """Hash the files of a task's folder of embeddings, a piece at a time.

    Returns:
        SHA-256 as 64 hexadecimal digits; the same for a copy of the folder.
    """
    files = [task.folder / METADATA_FILE, task.folder / VOCABULARY_FILE]
    for split in task.splits:
        files.append(task.folder / f"{split}.json")
        files += [path(task.folder, split) for path in (dimensions_path, embeddings_path)]
        files.append(labels_path(task.folder, split))
        if task.embedding_type == "event":
            files.append(frame_times_path(task.folder, split))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"\n{file.name} {_file_hash(file)}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
