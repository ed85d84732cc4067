"""``{split}.filename-timestamps.json``: the clip and the time of each row of an event task."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
