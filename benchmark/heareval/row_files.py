"""hear-eval-kit's files with an entry per row: target labels, and clips with timestamps.

``{split}.target-labels.pkl`` is a pickle of lists. Upstream trains on these labels, not on those of
``{split}.json``. The two can differ at the ends of events: under NumPy 2 upstream compares times in
float32 (see `benchmark.events.frame_targets`). ``{split}.filename-timestamps.json`` has the clip
and the time of each row of an event task.
"""

from __future__ import annotations

import json
import pickle
import reprlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmark.events import frame_targets
from benchmark.events.frame_targets import END_TOLERANCE
from benchmark.events.table import Event
from benchmark.heareval.plain_pickle import load_plain_pickle

LONGEST: Final = 2.0**53  # ms; NaN and infinity are not below it either


@dataclass(frozen=True)
class FrameTimes:
    """Where and when the rows of a split are.

    Attributes:
        clips: File name of each clip, in row order.
        frames_per_clip: int64, shape (clips,).
        timestamps_ms: float64, shape (frames,), ms.
    """

    clips: tuple[str, ...]
    frames_per_clip: NDArray[np.int64]
    timestamps_ms: NDArray[np.float64]


def frame_times_path(folder: Path, split: str) -> Path:
    """Where a split's clips and times are."""
    return folder / f"{split}.filename-timestamps.json"


def read_frame_times(folder: Path, split: str, clips: Collection[str]) -> FrameTimes:
    """Read the clip and time of each row.

    Upstream writes each clip's name behind the path of the folder as it was then; only the name
    counts, to upstream as here.

    Args:
        folder: A folder of embeddings.
        split: Name of the split.
        clips: Clips of the split's label file.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: It is not JSON, a row has no clip or no time, a clip's rows are scattered, or
            the clips are not those of the label file.
    """
    path = frame_times_path(folder, split)
    names: list[str] = []
    counts: list[int] = []
    times: list[float] = []
    written = None
    for number, row in enumerate(_rows(path)):
        file, value = row if isinstance(row, list) and len(row) == 2 else (None, None)
        time = _milliseconds(value)
        if not isinstance(file, str) or time is None:
            raise ValueError(f"{path}: row {number} must be [clip, ms], not {reprlib.repr(row)}.")
        if file != written:
            names.append(file.rsplit("/", 1)[-1])
            counts.append(0)
            written = file
        counts[-1] += 1
        times.append(time)
    _check_clips(path, split, names, clips)
    return FrameTimes(tuple(names), np.array(counts, np.int64), np.array(times, np.float64))


def write_frame_times(folder: Path, split: str, prefix: str, frames: FrameTimes) -> None:
    """Write the file as upstream does, clip by clip.

    Args:
        folder: Where.
        split: Name of the split.
        prefix: What stands before each clip's name: upstream has ``{task folder}/{split}/``.
        frames: Clips and times.
    """
    times_of_clips = np.split(frames.timestamps_ms, np.cumsum(frames.frames_per_clip)[:-1])
    with frame_times_path(folder, split).open("w", encoding="utf-8") as file:
        separator = "[\n"
        for clip, times in zip(frames.clips, times_of_clips, strict=True):
            name = json.dumps(prefix + clip)
            for time in times.tolist():
                file.write(f"{separator}    [\n        {name},\n        {time!r}\n    ]")
                separator = ",\n"
        file.write("\n]")


def _rows(path: Path) -> list[object]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should hold the clip and time of each row.")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}.") from None
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path} must hold a list of [clip, ms], a row each.")
    return rows


def _milliseconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -LONGEST < value < LONGEST else None


def _check_clips(path: Path, split: str, names: list[str], clips: Collection[str]) -> None:
    known, seen = set(clips), set()
    for name in names:
        if name not in known:
            raise ValueError(f"{path}: clip {name!r:.80} is not in {split}.json: embed it again.")
        if name in seen:
            raise ValueError(f"{path}: the rows of clip {name!r} are not all next to each other.")
        seen.add(name)
    if missing := sorted(known - seen):
        raise ValueError(
            f"{path} has no row for clip {missing[0]!r} of {split}.json: embed the task again."
        )


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
