"""AudioSet's own CSVs as the list of wanted clips.

Files: ``balanced_train_segments.csv``, ``unbalanced_train_segments.csv``, ``eval_segments.csv``
(research.google.com/audioset/download.html): lines of comments with ``#``, then
``YTID, start_seconds, end_seconds, "label,label"``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pretrain.data.audio import find_audio
from pretrain.data.pack.wanted import WantedClip

YTID_LENGTH = 11  # characters of a YouTube video's name


class Segment(NamedTuple):
    """A line of a CSV; times in seconds."""

    ytid: str
    start: float
    end: float
    labels: str


def clips_of_lists(lists: Sequence[Path], folder: Path) -> list[WantedClip]:
    """The clips of AudioSet CSVs, in their order; those without a file have the path None.

    A file belongs to a clip if its name, without suffix, is the video's (``YTID``), or begins with
    it and an underscore (``YTID_30000``, ``YTID_30.000_40.000``); a ``Y`` before it, as some
    downloads have it, does not matter. Of several, the one that names the start is taken.

    Args:
        lists: CSVs; a clip that several name counts once, where it comes first.
        folder: Audio, at any depth.

    Raises:
        FileNotFoundError: A list or the folder is absent.
        ValueError: A line is not AudioSet's, or the folder holds no audio.
    """
    files = _files_by_ytid(folder)
    wanted: dict[str, WantedClip] = {}
    for path in lists:
        for segment in read_segments(path):
            clip_id = f"{segment.ytid}_{round(1000 * segment.start)}"
            wanted.setdefault(
                clip_id,
                WantedClip(
                    clip_id,
                    _choose(files.get(segment.ytid, []), segment),
                    path.stem,
                    segment.labels,
                    segment.start,
                    segment.end,
                ),
            )
    return list(wanted.values())


def read_segments(path: Path) -> Iterator[Segment]:
    """The lines of one CSV.

    Raises:
        FileNotFoundError: It is absent.
        ValueError: A line is not AudioSet's, or there is none.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such list; give one of AudioSet's CSVs")
    count = 0
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file, skipinitialspace=True)
        for row in rows:
            if not row or row[0].startswith("#"):
                continue
            yield _segment(row, f"{path}, line {rows.line_num}")
            count += 1
    if count == 0:
        raise ValueError(f"{path}: no clips in it; it needs YTID, start_seconds, end_seconds")


def _segment(row: list[str], where: str) -> Segment:
    try:
        segment = Segment(row[0], float(row[1]), float(row[2]), ",".join(row[3:]))
    except (IndexError, ValueError):
        segment = None
    if segment is None or not 0 <= segment.start < segment.end < float("inf"):
        raise ValueError(
            f"{where}: {', '.join(row)!r} is not YTID, start_seconds, end_seconds, labels"
        )
    return segment


def _files_by_ytid(folder: Path) -> dict[str, list[str]]:
    """Relative paths by each video name that they may stand for, sorted."""
    files: dict[str, list[str]] = {}
    for path in find_audio(folder):
        name = path.relative_to(folder).as_posix()
        for stem in {path.stem, path.stem.removeprefix("Y")}:
            if len(stem) == YTID_LENGTH or stem[YTID_LENGTH : YTID_LENGTH + 1] == "_":
                files.setdefault(stem[:YTID_LENGTH], []).append(name)
    return files


def _choose(names: list[str], segment: Segment) -> str | None:
    """The file that names the segment's start, else the one that names none."""
    starts = {f"{segment.start:g}", f"{segment.start:.3f}", f"{round(1000 * segment.start)}"}
    plain = None
    for name in names:
        rest = Path(name).stem.partition(segment.ytid)[2]
        if rest.split("_")[1:2] and rest.split("_")[1] in starts:
            return name
        if not rest and plain is None:
            plain = name
    return plain
