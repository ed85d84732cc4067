"""A CSV with a label for each file: columns file, label and perhaps split or fold, and group.

A file with several labels has several rows, or its labels in one row with a separator between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.tasks.make.audio_index import AudioIndex
from benchmark.tasks.make.drawn_splits import Splitting
from benchmark.tasks.make.own_task import OwnTask, plan_own, unique_stems
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.table import Row, read_table


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
) -> TaskPlan:
    """Plan a task.

    Args:
        table: The CSV.
        roots: Folders with the audio.
        task: What was decided of the task.
        splitting: How to draw splits, if the CSV has none.
        columns: Meaning -> name of a column, where it is not the meaning.
        separator: What is between the labels of one row; None where a row has one.

    Raises:
        FileNotFoundError: There is no such CSV.
        ValueError: The CSV is wrong in a way that its message says, or as `plan_own`.
    """
    files = by_file(read_table(table, ("file", "label"), columns))
    labels = {}
    for name, file in files.items():
        texts = [row["label"] for row in file.rows]
        parts = texts if separator is None else [p for text in texts for p in text.split(separator)]
        labels[name] = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    return plan_own(task, clips_of(files, labels, AudioIndex([*roots, table.parent])), splitting)


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
    stems = unique_stems(sources, audio.roots[0])
    return [
        RawClip(
            source=source,
            stem=stem,
            split=file.first.split,
            labels=labels.get(name, ()),
            group=file.first["group"] or None,
        )
        for (name, file), source, stem in zip(files.items(), sources, stems, strict=True)
    ]
