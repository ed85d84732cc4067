"""Reading a task's ``{split}.json`` label files; no audio is touched."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from benchmark.embeddings import Event
from benchmark.tasks.json_file import read_json_object
from benchmark.tasks.task import Task


def read_scene_labels(task: Task, split: str) -> dict[str, list[str]]:
    """Read the labels of each clip of a scene task's split.

    Returns:
        File name -> labels, in the file's order. Labels that are numbers come as strings.

    Raises:
        FileNotFoundError: The split's file is missing.
        ValueError: A label is not in the vocabulary, or a clip of a multiclass task has not
            exactly one label.
    """
    path, entries = _read_entries(task, split)
    vocabulary = frozenset(task.vocabulary)
    labels: dict[str, list[str]] = {}
    for file, names in entries.items():
        if task.prediction_type == "multiclass" and len(names) != 1:
            raise ValueError(
                f"{path}: clip {file!r} of a multiclass task must have exactly one label, "
                f"but has {len(names)}: {names!r}."
            )
        labels[file] = [_known_label(name, vocabulary, path, file) for name in names]
    return labels


def read_events(task: Task, split: str) -> dict[str, list[Event]]:
    """Read the events of each clip of an event task's split.

    Returns:
        File name -> events (times in ms) sorted by onset, in the file's order.

    Raises:
        FileNotFoundError: The split's file is missing.
        ValueError: A label is not in the vocabulary, a time is missing or no number, or an event
            ends before it starts.
    """
    path, entries = _read_entries(task, split)
    vocabulary = frozenset(task.vocabulary)
    return {
        file: sorted(
            (_event(event, vocabulary, path, file) for event in events),
            key=lambda event: event.onset_ms,
        )
        for file, events in entries.items()
    }


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


def _read_entries(task: Task, split: str) -> tuple[Path, dict[str, list[Any]]]:
    """The split's file and its content: a list under each plain file name."""
    path = task.folder / f"{split}.json"
    entries = read_json_object(path, f"the labels of split '{split}'")
    if not entries:
        raise ValueError(f"{path}: split '{split}' has no clip.")
    for file, content in entries.items():
        if Path(file).name != file:
            raise ValueError(f"{path}: clip {file!r} must be a file name without folders.")
        if not isinstance(content, list):
            raise ValueError(f"{path}: clip {file!r} must have a list, but has {content!r}.")
    return path, entries


def _known_label(label: object, vocabulary: frozenset[str], path: Path, file: str) -> str:
    name = str(label)
    if name not in vocabulary:
        raise ValueError(
            f"{path}: label {name!r} of clip {file!r} is not in {path.parent.name}'s "
            "labelvocabulary.csv."
        )
    return name


def _event(entry: object, vocabulary: frozenset[str], path: Path, file: str) -> Event:
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
    return Event(_known_label(entry["label"], vocabulary, path, file), onset, offset)


def _milliseconds(value: object, key: str, path: Path, file: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(
            f"{path}: an event of clip {file!r} must have '{key}' in milliseconds, "
            f"but has {value!r}."
        )
    return float(value)
