"""Tables of labels: a CSV with a label per file, or with the events of recordings.

Labels: columns file, label and perhaps split or fold, and group. A file with several labels has
several rows, or its labels in one row with a separator between. Events: columns file, onset,
offset, label and perhaps split or fold, and group. A row with a file only is a recording without
events.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from benchmark.events.table import Event
from benchmark.tasks.make.audio_index import AudioIndex
from benchmark.tasks.make.event_times import fit_events
from benchmark.tasks.make.names import plain_label, same_form, unique_stems
from benchmark.tasks.make.own_task import OwnTask, plan_own
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.splits import Splitting
from benchmark.tasks.make.table_notes import no_column, unlisted_audio, unused_columns
from msssl_common.audio_folders import AUDIO_SUFFIXES, find_audio_files

OPTIONAL: Final = ("split", "fold", "group")


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        place: File and line, for messages.
        values: Column's meaning -> text, stripped; "" where the table has no such column.
        others: Name of a column without a meaning here -> text, stripped.
    """

    place: str
    values: Mapping[str, str]
    others: Mapping[str, str]

    def __getitem__(self, meaning: str) -> str:
        return self.values[meaning]

    @property
    def split(self) -> str:
        """What the table calls the clip's split or fold."""
        return self["split"] or self["fold"]


def read_table(
    path: Path, wanted: tuple[str, ...], columns: Mapping[str, str], ignored: Sequence[str] = ()
) -> Iterator[Row]:
    """Read a CSV file with a header; commas, semicolons or tabs between the values.

    Args:
        path: The file.
        wanted: Meanings of the columns that must be there, e.g. "file" and "label".
        columns: Meaning -> the column's name, where it is not the meaning itself.
        ignored: Names of columns that count as absent.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not UTF-8 text, or a column that must be there or that was named is not,
            or is there twice, or there are both splits and folds, or a row is too long.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should be a table of labels.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 text ({error}): save it as UTF-8, in a spreadsheet as "
            '"CSV UTF-8".'
        ) from None
    header = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count), restval="")
    header_names = [name.strip() for name in table.fieldnames or ()]
    table.fieldnames = header_names
    for name in ignored:
        if name not in header_names:
            raise ValueError(f"{path} has no column {name!r} to ignore.")
    present = [name for name in header_names if name not in ignored]
    names = {meaning: columns.get(meaning, meaning) for meaning in (*wanted, *OPTIONAL)}
    _check(path, names, wanted, columns, present)
    others = [name for name in present if name and name not in names.values()]
    for row in table:
        values = {
            meaning: (row.get(name) or "").strip() if name in present else ""
            for meaning, name in names.items()
        }
        if any(map(str.strip, row.get(None) or ())):
            raise ValueError(
                f"{path}, line {table.line_num} has more cells than the header, which has "
                f"{len(header_names)}: put a text with a separator in it into quotes."
            )
        if any(values.values()):
            rest = {name: (row.get(name) or "").strip() for name in others}
            yield Row(f"{path}, line {table.line_num}", values, rest)


def _check(
    path: Path,
    names: Mapping[str, str],
    wanted: tuple[str, ...],
    columns: Mapping[str, str],
    present: list[str],
) -> None:
    unknown = sorted(columns.keys() - names.keys())
    if unknown:
        raise ValueError(f"There is no column for {unknown[0]!r}; there are {', '.join(names)}.")
    for meaning, name in names.items():
        if present.count(name) > 1:
            raise ValueError(
                f"{path} has {present.count(name)} columns {name!r}: rename all but the one that "
                f"is the {meaning}."
            )
        if name not in present and (meaning in wanted or meaning in columns):
            raise ValueError(
                f"{path} has no column {name!r} (it has {', '.join(present) or 'none'}): "
                f"{no_column(meaning, present)}."
            )
    if names["split"] in present and names["fold"] in present:
        raise ValueError(
            f"{path} has both a column {names['split']!r} and a column {names['fold']!r}: leave "
            f"one out with --ignore {names['fold']}."
        )


@dataclass
class FileRows:
    """All that a table says of one file.

    Attributes:
        first: Its first row, which gives split and group.
        rows: Its rows.
    """

    first: Row
    rows: list[Row] = field(default_factory=list)


def label_plan(
    table: Path,
    roots: list[Path],
    task: OwnTask,
    splitting: Splitting,
    columns: Mapping[str, str],
    separator: str | None,
    ignored: Sequence[str] = (),
) -> TaskPlan:
    """Plan a task.

    Args:
        table: The CSV.
        roots: Folders with the audio.
        task: What was decided of the task.
        splitting: How to draw splits, if the CSV has none.
        columns: Meaning -> name of a column, where it is not the meaning.
        separator: What is between the labels of one row; None where a row has one.
        ignored: Names of columns that count as absent.

    Raises:
        FileNotFoundError: There is no such CSV.
        ValueError: The CSV is wrong in a way that its message says, or as `plan_own`.
    """
    files = by_file(read_table(table, ("file", "label"), columns, ignored))
    labels = {}
    for name, file in files.items():
        texts = [row["label"] for row in file.rows]
        parts = texts if separator is None else [p for text in texts for p in text.split(separator)]
        labels[name] = tuple(dict.fromkeys(plain_label(part) for part in parts if part.strip()))
    audio = AudioIndex([*roots, table.parent])
    clips = clips_of(files, labels, audio)
    notes = [*audio.not_followed, *_left_unused(roots, clips)]
    if not any(clip.group or clip.split for clip in clips):
        rows = [(labels[name], file.first.others) for name, file in files.items()]
        notes += unused_columns(rows)
    return plan_own(task, clips, splitting, notes)


def by_file(rows: Iterable[Row]) -> dict[str, FileRows]:
    """Put the rows of one file together.

    Raises:
        ValueError: A row has no file, or rows of one file differ in split or group.
    """
    files: dict[str, FileRows] = {}
    for row in rows:
        if not row["file"]:
            raise ValueError(f"{row.place} names no file.")
        file = files.setdefault(row["file"], FileRows(row))
        file.rows.append(row)
        if (row.split, row["group"]) != (file.first.split, file.first["group"]):
            raise ValueError(
                f"{row.place}: {row['file']} is in another split or group than in line "
                f"{file.first.place.rpartition(' ')[2]}."
            )
    return files


def clips_of(
    files: Mapping[str, FileRows], labels: Mapping[str, tuple[str, ...]], audio: AudioIndex
) -> list[RawClip]:
    """Make a clip of each file, with its labels, split and group."""
    sources = [audio.find(name) for name in files]
    _refuse_one_file_twice(files, sources)
    stems = unique_stems(sources, audio.roots[0])
    return [
        RawClip(
            source=source,
            stem=stem,
            split=file.first.split,
            labels=labels.get(name, ()),
            group=same_form(file.first["group"]) or None,
            listed=_listed(name, file, source, audio),
        )
        for (name, file), source, stem in zip(files.items(), sources, stems, strict=True)
    ]


def _refuse_one_file_twice(files: Mapping[str, FileRows], sources: Sequence[Path]) -> None:
    """Refuse two names, or links, of one file: it would be trained on and tested.

    Raises:
        ValueError: A table has them.
    """
    seen: dict[str, str] = {}
    for name, source in zip(files, sources, strict=True):
        before = seen.setdefault(os.path.realpath(source), name)
        if before != name:
            raise ValueError(
                f"{files[name].first.place}: {name} is the file that line "
                f"{files[before].first.place.rpartition(' ')[2]} calls {before}: leave one out, or "
                "give both rows one name."
            )


def _listed(name: str, file: FileRows, source: Path, audio: AudioIndex) -> str:
    """Where a file that is missing is listed, and what there is instead; else nothing."""
    if source.exists():
        return ""
    near = audio.near(name)
    return f"{file.first.place} lists it" + (f"; there is {near}, close to it" if near else "")


TimeUnit = Literal["s", "ms"]
MILLISECONDS: Final[Mapping[TimeUnit, float]] = {"s": 1000.0, "ms": 1.0}


def event_clips(
    table: Path,
    roots: list[Path],
    columns: Mapping[str, str],
    unit: TimeUnit,
    ignored: Sequence[str] = (),
) -> tuple[list[RawClip], list[str]]:
    """Read a table of events.

    Args:
        table: The CSV.
        roots: Folders with the audio.
        columns: Meaning -> name of a column, where it is not the meaning.
        unit: Unit of the times.
        ignored: Names of columns that count as absent.

    Returns:
        A clip of each file with its events, times in ms, and notes on links that were not followed
        and on unused columns.

    Raises:
        FileNotFoundError: There is no such CSV.
        ValueError: The CSV is wrong in a way that its message says.
    """
    files = by_file(read_table(table, ("file", "onset", "offset", "label"), columns, ignored))
    events = {
        name: tuple(event for row in file.rows if (event := _event(row, unit)) is not None)
        for name, file in files.items()
    }
    audio = AudioIndex(roots)
    clips = clips_of(files, {}, audio)
    clips = [replace(clip, events=events[name]) for name, clip in zip(files, clips, strict=True)]
    notes = list(audio.not_followed)
    if not any(clip.group or clip.split for clip in clips):
        notes += unused_columns([((), file.first.others) for file in files.values()])
    return clips, notes


def _left_unused(roots: Sequence[Path], clips: Sequence[RawClip]) -> list[str]:
    found = [file for root in roots for file in find_audio_files(root, AUDIO_SUFFIXES).files]
    return unlisted_audio(found, [clip.source for clip in clips])


def event_plan(
    table: Path,
    roots: list[Path],
    task: OwnTask,
    splitting: Splitting,
    columns: Mapping[str, str],
    unit: TimeUnit,
    ignored: Sequence[str] = (),
) -> TaskPlan:
    """Plan a task.

    Args:
        table: The CSV.
        roots: Folders with the audio.
        task: What was decided of the task.
        splitting: How to draw splits, if the CSV has none.
        columns: Meaning -> name of a column, where it is not the meaning.
        unit: Unit of the times.
        ignored: Names of columns that count as absent.

    Raises:
        FileNotFoundError: There is no such CSV.
        ValueError: The CSV is wrong in a way that its message says, its times do not fit the
            recordings, or as `plan_own`.
    """
    clips, notes = event_clips(table, [*roots, table.parent], columns, unit, ignored)
    fitted, trimmed = fit_events(clips, task.seconds)
    notes = [*notes, *_left_unused(roots, clips), *trimmed]
    return plan_own(task, fitted, splitting, notes)


def _event(row: Row, unit: TimeUnit) -> Event | None:
    texts = (row["onset"], row["offset"], row["label"])
    if not any(texts):
        return None
    try:
        onset, offset = (float(text) * MILLISECONDS[unit] for text in texts[:2])
    except ValueError:
        point = " (write a point, not a comma)" if "," in texts[0] + texts[1] else ""
        raise ValueError(
            f"{row.place}: onset and offset must be numbers, but are {texts[0]!r} and {texts[1]!r}"
            f"{point}."
        ) from None
    if not texts[2]:
        raise ValueError(f"{row.place} has no label.")
    if not 0 <= onset <= offset < float("inf"):
        raise ValueError(
            f"{row.place}: an event must start at 0 or later and end after that, but this one is "
            f"from {texts[0]} to {texts[1]}."
        )
    return Event(plain_label(texts[2]), onset, offset)
