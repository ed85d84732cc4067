"""Events class by class: the tables of ``msbench events`` as cells, Markdown and CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.report.event_breakdown import Breakdown, Part, PartScore, TaskBreakdown
from benchmark.report.numbers import NONE, or_none, score_text
from benchmark.report.tables.markdown import escape, markdown_table
from msssl_common.csv_tables import csv_table
from msssl_common.messages import printable_name

ERRORS_HEAD = (
    "",
    "annotated",
    "found",
    "other class",
    "wrong time",
    "nothing",
    "predicted",
    "false",
    "mostly taken for",
)
HOW_TO_READ = (
    "F-measure with its 95 % interval over test files: 2 found / (predicted + annotated).",
    "Of the annotated events, each is found or missed. Missed: an event of another class was "
    "predicted at that onset (sed_eval's substitution); or the right class was predicted during "
    "the event, but with another onset (wrong time); or nothing of either kind. False: predicted, "
    "but no annotated event.",
)
COLUMNS = {
    "task": "folder name of the task",
    "score": "which rule matches events",
    "row": "label of the row",
    "kind": "all, class or files",
    "part": "name of the class or of the group of files",
    "f_measure": "2 hits / (predicted + annotated), mean over folds and seeds",
    "low": "lower bound of its 95 % interval over test files; empty for a single file",
    "high": "upper bound",
    "annotated": "events of the labels; this and what follows are means over seeds",
    "predicted": "events of the heads",
    "found": "annotated events that were found",
    "other_class": "missed: another class was predicted at that onset",
    "wrong_time": "missed: the right class was predicted during the event, with another onset",
    "nothing": "missed: neither of the two",
    "false": "predicted events that are no annotated one",
    "taken_for": "the class that most of other_class were taken for",
}


def part_name(part: Part) -> str:
    """Name of a line."""
    return "all events" if part.kind == "all" else part.name


def f_measure_cells(task: TaskBreakdown, newline: str) -> Iterator[list[str]]:
    """A line per part: its name, and each row's F-measure above its interval."""
    for part in task.parts:
        yield [part_name(part), *(_f_text(task.scores[row, part], newline) for row in task.rows)]


def _f_text(score: PartScore, newline: str) -> str:
    if math.isnan(score.f_measure):
        return NONE
    if math.isnan(score.interval.low):
        return score_text(score.f_measure)
    low, high = map(score_text, score.interval)
    return f"{score_text(score.f_measure)}{newline}[{low}, {high}]"


def error_cells(task: TaskBreakdown) -> Iterator[list[str]]:
    """A line per row, of all events; of a single row a line per part."""
    if len(task.rows) == 1:
        for part in task.parts:
            yield [part_name(part), *_errors(task.scores[task.rows[0], part])]
        return
    for row in task.rows:
        yield [row, *_errors(task.scores[row, task.parts[0]])]


def _errors(score: PartScore) -> list[str]:
    counts = (
        *(score.reference, score.hits, score.other_class, score.wrong_time, score.nothing),
        *(score.predicted, score.false),
    )
    return [*(f"{round(count, 1):g}" for count in counts), score.taken_for or NONE]


def breakdown_markdown(breakdown: Breakdown) -> str:
    """Two tables of each task, for GitHub."""
    blocks = []
    for task in breakdown.tasks:
        blocks.append(f"## Events of {escape(task.task)}, {task.score}")
        head = ["", *(escape(printable_name(row)) for row in task.rows)]
        lines = [[escape(name), *cells] for name, *cells in f_measure_cells(task, "<br>")]
        blocks.append("\n".join(markdown_table(head, lines)))
        errors = [
            [escape(printable_name(name)), *counts, escape(taken_for)]
            for name, *counts, taken_for in error_cells(task)
        ]
        blocks.append("\n".join(markdown_table(ERRORS_HEAD, errors)))
    blocks.append("\n".join(f"- {escape(line)}" for line in notes(breakdown)))
    return "\n\n".join(blocks) + "\n"


def notes(breakdown: Breakdown) -> list[str]:
    """Lines under the tables."""
    said = [task.caution for task in breakdown.tasks if task.caution]
    return [*HOW_TO_READ, *said, *breakdown.cautions]


def breakdown_csv(breakdown: Breakdown) -> str:
    """A line per task, row and part; ``COLUMNS`` says what they mean."""
    return csv_table(list(COLUMNS), _lines(breakdown))


def _lines(breakdown: Breakdown) -> Iterator[dict[str, object]]:
    for task in breakdown.tasks:
        for row in task.rows:
            for part in task.parts:
                score = task.scores[row, part]
                yield {
                    "task": task.task,
                    "score": task.score,
                    "row": row,
                    "kind": part.kind,
                    "part": part.name,
                    "f_measure": or_none(score.f_measure),
                    "low": or_none(score.interval.low),
                    "high": or_none(score.interval.high),
                    "annotated": score.reference,
                    "predicted": score.predicted,
                    "found": score.hits,
                    "other_class": score.other_class,
                    "wrong_time": score.wrong_time,
                    "nothing": score.nothing,
                    "false": score.false,
                    "taken_for": score.taken_for,
                }
