"""What the rows of results folders find of each class of events, and in which files."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.report.fold_scores import mean_over_seeds
from benchmark.report.merged_cells import CellFile, merged, read_cells
from benchmark.results.cell_files import predictions_path
from benchmark.results.predictions import EventPredictions, load_predictions
from benchmark.results.verified import predictions_damage
from benchmark.statistics import Interval, bootstrap_task
from benchmark.statistics.event_breakdown import ClassCounts, class_counts, f_measure_of

DEFAULT_SCORE: Final = "event_onset_200ms_fms"
ALL: Final = "all"
UNNAMED: Final = "other files"

# By the start of the task's folder name: what its file names tell of the recording. DCASE 2016
# task 2: the event-to-background ratio in dB (dcase.community/challenge2016).
FILE_GROUPS: Final[Mapping[str, str]] = {"dcase2016_task2-": r"(ebr_-?\d+)"}


class Part(NamedTuple):
    """Some events: those of a class, or those in a group of files.

    Attributes:
        kind: ``"all"``, ``"class"`` or ``"files"``.
        name: Of the class or group.
    """

    kind: str
    name: str


@dataclass(frozen=True)
class PartScore:
    """What a row finds of a part; counts are means over seeds.

    Attributes:
        f_measure: 2 hits / (predicted + annotated), mean over folds and seeds.
        interval: Its 95 % interval over test files; NaN of a single file.
        reference: Annotated events.
        predicted: Predicted events.
        hits: Annotated events that were found.
        other_class: Missed: another class was predicted at that onset.
        wrong_time: Missed: the right class was predicted during the event, but with another onset.
        taken_for: The class that most of ``other_class`` were taken for; empty if none were, and of
            parts that are no class.
    """

    f_measure: float
    interval: Interval
    reference: float
    predicted: float
    hits: float
    other_class: float
    wrong_time: float
    taken_for: str = ""

    @property
    def nothing(self) -> float:
        """Missed: neither of the other two."""
        return self.reference - self.hits - self.other_class - self.wrong_time

    @property
    def false(self) -> float:
        """Predicted events that are no annotated one."""
        return self.predicted - self.hits


@dataclass(frozen=True)
class TaskBreakdown:
    """One event task.

    Attributes:
        task: Folder name.
        score: Which score matches the events.
        rows: Labels, best first.
        parts: All events, then the classes, then the groups of files.
        scores: By row and part.
        caution: What must be said of the intervals; mostly None.
    """

    task: str
    score: str
    rows: list[str]
    parts: list[Part]
    scores: dict[tuple[str, Part], PartScore]
    caution: str | None


class Breakdown(NamedTuple):
    """What is shown.

    Attributes:
        tasks: Event tasks.
        cautions: What must be said beside them, a sentence each.
    """

    tasks: list[TaskBreakdown]
    cautions: list[str]


def event_breakdown(
    folders: Sequence[Path | str],
    score: str = DEFAULT_SCORE,
    files_by: str | None = None,
    rows: Sequence[str] = (),
) -> Breakdown:
    """Break down the event tasks of results folders.

    Args:
        folders: Results folders with cells and predictions.
        score: One of `benchmark.statistics.event_breakdown.SCORES`.
        files_by: Regular expression; files with equal text in its first group (or in all of it)
            make a group. None for `FILE_GROUPS`.
        rows: Labels of rows, or patterns of them (``multi*``); empty for all.

    Raises:
        FileNotFoundError: A folder without results.
        ValueError: No event task has predictions of such rows, the pattern is none, or cells
            cannot stand in one table.
    """
    pattern = _pattern(files_by)
    read = [read_cells(Path(folder)) for folder in folders]
    cautions = [text for found in read for text in found.cautions]
    files = merged([file for found in read for file in found.files])
    entries: dict[str, dict[str, list[CellFile]]] = {}
    for file in files:
        cell, label = file.cell, file.cell.module.label
        if cell.task.family != "event" or cell.reason:
            continue
        if rows and not any(fnmatchcase(label, row) for row in rows):
            continue
        if wrong := predictions_damage(file.path, cell):
            cautions.append(f"{label} on {cell.task.task} is left out: {wrong}.")
            continue
        entries.setdefault(cell.task.task, {}).setdefault(label, []).append(file)
    if not entries:
        wanted = f" of rows {', '.join(rows)}" if rows else ""
        raise ValueError(f"There are no predictions for event tasks{wanted} in these folders.")
    tasks = [_task(task, found, score, pattern) for task, found in entries.items()]
    return Breakdown(tasks, cautions)


def _pattern(files_by: str | None) -> re.Pattern[str] | None:
    if files_by is None:
        return None
    try:
        return re.compile(files_by)
    except re.error as error:
        raise ValueError(f"{files_by!r} is no regular expression: {error}") from error


class _Seed(NamedTuple):
    """One cell: its vocabulary, and of each fold its files and counts."""

    vocabulary: tuple[str, ...]
    folds: list[tuple[tuple[str, ...], ClassCounts]]


def _task(
    task: str, entries: Mapping[str, Sequence[CellFile]], score: str, given: re.Pattern[str] | None
) -> TaskBreakdown:
    counted = {
        label: [_seed(file, score) for file in sorted(files, key=_seed_number)]
        for label, files in entries.items()
    }
    first = next(iter(counted.values()))[0]
    known = next((FILE_GROUPS[start] for start in FILE_GROUPS if task.startswith(start)), None)
    pattern = given or (re.compile(known) if known else None)
    parts = [Part("all", ALL), *(Part("class", name) for name in first.vocabulary)]
    if pattern:
        names = {_group(pattern, clip) for clips, _ in first.folds for clip in clips}
        parts += [Part("files", name) for name in sorted(names, key=_natural)]
    scores: dict[tuple[str, Part], PartScore] = {}
    caution = None
    for part in parts:
        found, said = _part(task, counted, part, pattern)
        scores |= {(label, part): one for label, one in found.items()}
        caution = caution or said
    order = sorted(counted, key=lambda label: -np.nan_to_num(scores[label, parts[0]].f_measure))
    return TaskBreakdown(task, score, order, parts, scores, caution)


def _seed_number(file: CellFile) -> int:
    return file.cell.protocol.seed


def _seed(file: CellFile, score: str) -> _Seed:
    predictions = load_predictions(predictions_path(file.path))
    folds = []
    for fold in predictions.folds:
        assert isinstance(fold, EventPredictions)
        counts = class_counts(
            score, len(fold.clips), len(predictions.vocabulary), fold.reference, fold.predicted
        )
        folds.append((fold.clips, counts))
    return _Seed(predictions.vocabulary, folds)


def _group(pattern: re.Pattern[str], clip: str) -> str:
    """The group of a file."""
    found = pattern.search(clip)
    return found[min(1, pattern.groups)] or UNNAMED if found else UNNAMED


def _part(
    task: str,
    counted: Mapping[str, Sequence[_Seed]],
    part: Part,
    pattern: re.Pattern[str] | None,
) -> tuple[dict[str, PartScore], str | None]:
    """Scores of all rows for one part, on the same drawn files; and what must be said of them."""
    first = next(iter(counted.values()))[0]
    label = first.vocabulary.index(part.name) if part.kind == "class" else None
    chosen = [_rows_of(clips, part, pattern) for clips, _ in first.folds]
    folds = {
        row: [
            mean_over_seeds([f_measure_of(*seed.folds[fold], label, rows) for seed in counted[row]])
            for fold, rows in enumerate(chosen)
            if len(rows)
        ]
        for row in counted
    }
    drawn = bootstrap_task(task, folds)
    none = Interval(math.nan, math.nan)
    scores = {
        row: _score(
            counted[row],
            label,
            chosen,
            float(value),
            drawn.interval(row) if drawn.drawn > 1 else none,
        )
        for row, value in zip(drawn.models, drawn.estimates, strict=True)
    }
    return scores, drawn.caution if part.kind == "all" else None


def _rows_of(
    clips: Sequence[str], part: Part, pattern: re.Pattern[str] | None
) -> NDArray[np.int64]:
    """Which files of a fold a part is about."""
    if part.kind != "files" or pattern is None:
        return np.arange(len(clips), dtype=np.int64)
    return np.array([n for n, clip in enumerate(clips) if _group(pattern, clip) == part.name], int)


def _score(
    seeds: Sequence[_Seed],
    label: int | None,
    chosen: Sequence[NDArray[np.int64]],
    value: float,
    interval: Interval,
) -> PartScore:
    which = slice(None) if label is None else slice(label, label + 1)
    totals = dict.fromkeys(("reference", "predicted", "hits", "other_class", "wrong_time"), 0.0)
    confused = np.zeros(len(seeds[0].vocabulary), np.int64)
    for seed in seeds:
        for (_, counts), rows in zip(seed.folds, chosen, strict=True):
            for name in totals:
                totals[name] += float(getattr(counts, name)[rows, which].sum()) / len(seeds)
            if label is not None:
                confused += counts.confused[rows, label].sum(axis=0)
    taken_for = seeds[0].vocabulary[int(np.argmax(confused))] if confused.any() else ""
    return PartScore(value, interval, **totals, taken_for=taken_for)


def _natural(name: str) -> tuple[bool, list[tuple[bool, float, str]]]:
    """Order of groups: numbers by value, signs included, and files without a group last."""
    pieces = re.split(r"(-?\d+)", name)
    return name == UNNAMED, [
        (place % 2 == 0, float(piece) if place % 2 else 0.0, piece)
        for place, piece in enumerate(pieces)
    ]
