"""``{split}.target-labels.pkl``: the labels of each row, a pickle of lists.

Upstream trains on these labels, not on those of ``{split}.json``. The two can differ at the ends
of events: under NumPy 2 upstream compares times in float32 (see `benchmark.events.frame_targets`).
"""

from __future__ import annotations

import pickle
import reprlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.events import frame_targets
from benchmark.events.frame_targets import END_TOLERANCE
from benchmark.events.table import Event
from benchmark.interchange.frame_times import FrameTimes
from benchmark.interchange.plain_pickle import load_plain_pickle


def labels_path(folder: Path, split: str) -> Path:
    """Where the labels of a split's rows are."""
    return folder / f"{split}.target-labels.pkl"


def read_row_labels(
    folder: Path, split: str, vocabulary: Sequence[str], rows: int
) -> NDArray[np.float32]:
    """Read the labels of each row.

    Returns:
        float32 multi-hot, shape (rows, classes).

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: The file is no pickle of lists of labels, has another number of rows, or a
            label that is not in the vocabulary.
    """
    path = labels_path(folder, split)
    labels = load_plain_pickle(path, f"the labels of the rows of split '{split}'")
    if not isinstance(labels, list) or len(labels) != rows:
        found = f"{len(labels)} rows" if isinstance(labels, list) else f"a {type(labels).__name__}"
        raise ValueError(
            f"{path} holds {found}, but split '{split}' has {rows} embeddings: embed it again."
        )
    column = {label: index for index, label in enumerate(vocabulary)}
    targets = np.zeros((rows, len(vocabulary)), np.float32)
    known: dict[int, list[int]] = {}  # columns of a list object, which many rows may share
    for row, names in enumerate(labels):
        if id(names) not in known:
            known[id(names)] = _columns(names, column, f"{path}: row {row}")
        targets[row, known[id(names)]] = 1
    return targets


def _columns(names: object, column: Mapping[str, int], where: str) -> list[int]:
    if not isinstance(names, list):
        raise ValueError(f"{where} must be a list of labels, not {reprlib.repr(names)}.")
    for name in names:
        if not isinstance(name, str | int | float) or str(name) not in column:
            raise ValueError(
                f"{where} has the label {reprlib.repr(name)}, which is not in labelvocabulary.csv."
            )
    return sorted({column[str(name)] for name in names})


def frame_labels(targets: NDArray[np.float32], vocabulary: Sequence[Any]) -> list[list[Any]]:
    """The labels of each frame, in the vocabulary's order; frames with equal labels share a list.

    Args:
        targets: Multi-hot, shape (frames, classes).
        vocabulary: Label of each column, as the label file has it.
    """
    shared: dict[bytes, list[Any]] = {}
    labels = []
    for row, bits in zip(targets, np.packbits(targets > 0, axis=1), strict=True):
        key = bits.tobytes()
        if key not in shared:
            shared[key] = [vocabulary[column] for column in np.flatnonzero(row).tolist()]
        labels.append(shared[key])
    return labels


def write_row_labels(folder: Path, split: str, labels: list[list[Any]]) -> None:
    """Write the labels of each row: strings or whole numbers, as the label file has them.

    Rows that share a list object take a few bytes each, in memory as in the file.
    """
    with labels_path(folder, split).open("wb") as file:
        pickle.dump(labels, file, protocol=4)  # upstream's Python 3.8 writes 4


def check_scene_labels(
    path: Path, targets: NDArray[np.float32], expected: NDArray[np.float32], clips: Sequence[str]
) -> None:
    """Check the labels of a scene task's rows against those of its label file, in row order.

    Raises:
        ValueError: They differ: the rows are in another order, or the files are of different runs.
    """
    wrong = (targets != expected).any(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"{path}: {np.count_nonzero(wrong)} of {len(wrong)} rows have other labels than the "
            f"label file, the first row {row} (clip {clips[row]!r}): the files of this folder are "
            "not of one embedding run, so embed the task again."
        )


def check_frame_labels(
    path: Path,
    targets: NDArray[np.float32],
    frames: FrameTimes,
    events: dict[str, list[Event]],
    vocabulary: Sequence[str],
) -> None:
    """Check the labels of an event task's rows against its events.

    A frame at the very start or end of an event may be labelled or not: that depends on upstream's
    NumPy, and is upstream's to say.

    Raises:
        ValueError: They differ elsewhere.
    """
    end = 0
    for clip, count in zip(frames.clips, frames.frames_per_clip.tolist(), strict=True):
        start, end = end, end + count
        times = frames.timestamps_ms[start:end]
        # A float32 sum is off by half a step of its last bit.
        slack = END_TOLERANCE + float(np.abs(times).max()) * 2.0**-23
        inner = [
            Event(label, onset + slack, offset - slack)
            for label, onset, offset in events[clip]
            if onset + slack <= offset - slack
        ]
        outer = [
            Event(label, onset - slack, offset + slack) for label, onset, offset in events[clip]
        ]
        wrong = (targets[start:end] < frame_targets(times, inner, vocabulary)) | (
            targets[start:end] > frame_targets(times, outer, vocabulary)
        )
        if wrong.any():
            frame, label = np.argwhere(wrong)[0]
            state = "labelled" if targets[start + frame, label] else "not labelled"
            raise ValueError(
                f"{path}: the frame of clip {clip!r} at {times[frame]:g} ms is {state} "
                f"{vocabulary[label]!r}, against the events of the label file: the files of this "
                "folder are not of one embedding run, so embed the task again."
            )
