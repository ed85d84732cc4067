"""Reading a task's ``{split}.json`` label files; no audio is touched."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.events.table import Event, refuse_endless
from benchmark.tasks.limit import limited
from benchmark.tasks.metadata import read_json_object
from benchmark.tasks.task import Task


def read_scene_labels(task: Task, split: str) -> dict[str, list[str]]:
    """Read the labels of each clip of a scene task's split, of those within the task's limit.

    Returns:
        File name -> labels, in the file's order. Labels that are numbers come as strings.

    Raises:
        FileNotFoundError: The split's file is missing.
        ValueError: A label is not in the vocabulary, or a clip of a multiclass task has not
            exactly one label.
    """
    path, entries = _read_lists(task, split)
    vocabulary = frozenset(task.vocabulary)
    labels: dict[str, list[str]] = {}
    for file, names in entries.items():
        if task.prediction_type == "multiclass":
            check_one_label(names, path, file)
        labels[file] = [known_label(name, vocabulary, path, file) for name in names]
    return labels if task.limit is None else limited(labels, labels, task.limit)


def read_events(task: Task, split: str) -> dict[str, list[Event]]:
    """Read the events of each clip of an event task's split, of those within the task's limit.

    Returns:
        File name -> events (times in ms) sorted by onset, in the file's order.

    Raises:
        FileNotFoundError: The split's file is missing.
        ValueError: A label is not in the vocabulary, a time is missing, no number or no time in a
            clip, or an event ends before it starts.
    """
    path, entries = _read_lists(task, split)
    vocabulary = frozenset(task.vocabulary)
    read = {
        file: sorted(
            (_known_event(event, vocabulary, path, file) for event in events),
            key=lambda event: event.onset_ms,
        )
        for file, events in entries.items()
    }
    times = [event[1:] for events in read.values() for event in events]
    pairs = np.array(times, np.float64).reshape(-1, 2)
    refuse_endless(pairs[:, 0], pairs[:, 1], path)
    if task.limit is None:
        return read
    labels = {file: [event.label for event in events] for file, events in read.items()}
    return limited(read, labels, task.limit)


def read_clips(task: Task, split: str) -> list[str]:
    """File names of a split's clips, in the file's order, of those within the task's limit.

    Raises:
        FileNotFoundError: The split's file is missing.
        ValueError: It is not JSON; or, where there is a limit, its labels are not sound.
    """
    if task.limit is None:
        return list(
            read_json_object(task.folder / f"{split}.json", f"the labels of split '{split}'")
        )
    read = read_scene_labels if task.embedding_type == "scene" else read_events
    return list(read(task, split))


def row_order(task: Task, labels_by_split: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Order the clips of every split as hear-eval-kit does.

    One ``random.Random(0)`` per task shuffles the splits one after another, so a split's order
    depends on those before it (heareval/embeddings/task_embeddings.py). Training never shuffles
    again: the order is part of the protocol.

    Args:
        task: The task; its ``splits`` give the order of the shuffles.
        labels_by_split: Split -> file names in the label file's order (a label dictionary serves).

    Returns:
        Split -> file names in row order.
    """
    generator = random.Random(0)
    order: dict[str, list[str]] = {}
    for split in task.splits:
        files = list(labels_by_split[split])
        generator.shuffle(files)
        order[split] = files
    return order


def read_entries(
    folder: Path, split: str, last_counts: bool = False
) -> tuple[Path, dict[str, Any]]:
    """Read a split's label file: its path, and whatever it has under each clip's name.

    Args:
        folder: Of the task.
        split: Its name.
        last_counts: As in `read_json_object`.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: It is not a JSON object, or has no clip.
    """
    path = folder / f"{split}.json"
    entries = read_json_object(path, f"the labels of split '{split}'", last_counts)
    if not entries:
        raise ValueError(f"{path}: split '{split}' has no clip.")
    return path, entries


def check_entry(content: object, path: Path, file: str) -> None:
    """Refuse a clip that is no plain file name, or whose content is no list.

    Raises:
        ValueError: It is one of them.
    """
    if Path(file).name != file:
        raise ValueError(f"{path}: clip {file!r} must be a file name without folders.")
    if not isinstance(content, list):
        raise ValueError(f"{path}: clip {file!r} must have a list, but has {content!r}.")


def check_one_label(names: list[Any], path: Path, file: str) -> None:
    """Refuse a clip of a multiclass task that has no label or several.

    Raises:
        ValueError: It has.
    """
    if len(names) != 1:
        raise ValueError(
            f"{path}: clip {file!r} of a multiclass task must have exactly one label, "
            f"but has {len(names)}: {names!r}."
        )


def known_label(label: object, vocabulary: Collection[str], path: Path, file: str) -> str:
    """A label as text; HEAR looks numbers up as text, too.

    Raises:
        ValueError: It is neither text nor a number, or not in the vocabulary.
    """
    name = label_text(label, path, file)
    if name not in vocabulary:
        raise ValueError(
            f"{path}: label {name!r} of clip {file!r} is not in {path.parent.name}'s "
            "labelvocabulary.csv."
        )
    return name


def label_text(label: object, path: Path, file: str) -> str:
    """A label as text.

    Raises:
        ValueError: It is neither text nor a number: what Python calls it is no class.
    """
    is_number = isinstance(label, int | float) and not isinstance(label, bool)
    if isinstance(label, str) or (is_number and label == label):
        return str(label)
    raise ValueError(
        f"{path}: a label of clip {file!r} must be text or a number, but is {label!r}."
    )


def timed_event(entry: object, path: Path, file: str) -> Event:
    """An event whose times make sense; whether its label is in the vocabulary is not asked.

    Raises:
        ValueError: A key is missing, a time is no number, or it ends before it starts.
    """
    if not isinstance(entry, dict) or not {"label", "start", "end"} <= entry.keys():
        raise ValueError(
            f"{path}: an event of clip {file!r} must have label, start and end, but is {entry!r}."
        )
    onset, offset = (_milliseconds(entry[key], key, path, file) for key in ("start", "end"))
    if offset < onset:
        raise ValueError(
            f"{path}: an event of clip {file!r} ends ({offset:g} ms) before it starts "
            f"({onset:g} ms)."
        )
    return Event(label_text(entry["label"], path, file), onset, offset)


def _read_lists(task: Task, split: str) -> tuple[Path, dict[str, list[Any]]]:
    """The split's file and its content: a list under each plain file name."""
    path, entries = read_entries(task.folder, split)
    for file, content in entries.items():
        check_entry(content, path, file)
    return path, entries


def _known_event(entry: object, vocabulary: frozenset[str], path: Path, file: str) -> Event:
    event = timed_event(entry, path, file)
    known_label(event.label, vocabulary, path, file)
    return event


def _milliseconds(value: object, key: str, path: Path, file: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise ValueError(
            f"{path}: an event of clip {file!r} must have '{key}' in milliseconds, "
            f"but has {value!r}."
        )
    return float(value)


def _is_finite(value: float) -> bool:
    """JSON has whole numbers that are too large for a float."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
