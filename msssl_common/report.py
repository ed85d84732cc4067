"""A table of measurements on the terminal, as Markdown and as JSON; imports rich."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from msssl_common.files import write_text

SUFFIXES = (".md", ".json")


@dataclass(frozen=True)
class Report:
    """What was measured.

    Attributes:
        title: In one line.
        columns: Heads of columns.
        left: Indices of the columns that are set left; numbers are set right.
        rows: Cells as text.
        notes: Sentences under the table.
        measured: Everything that was measured, for JSON.
        where: Machine and versions, for files.
    """

    title: str
    columns: Sequence[str]
    left: Collection[int]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    measured: Mapping[str, object]
    where: Mapping[str, str] = field(default_factory=dict)


def check_report_path(path: Path) -> None:
    """Refuse a file name before anything is measured.

    Raises:
        ValueError: It ends neither as Markdown nor as JSON does.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"--out {path}: the file must end in {' or '.join(SUFFIXES)}.")


def write_report(report: Report, path: Path) -> None:
    """Write a report as Markdown or JSON, by the ending of ``path``."""
    if path.suffix == ".json":
        facts = {"title": report.title, **report.where, "notes": [*report.notes]}
        write_text(path, json.dumps({**facts, **report.measured}, indent=1) + "\n")
    else:
        write_text(path, markdown(report))


def markdown(report: Report) -> str:
    """The table with its notes and where it was measured."""
    lines = [f"# {report.title}", ""]
    lines.append("| " + " | ".join(report.columns) + " |")
    marks = (":--" if index in report.left else "--:" for index in range(len(report.columns)))
    lines.append("|" + "|".join(marks) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in report.rows]
    lines += ["", *(f"* {note}" for note in report.notes)]
    if report.where:
        lines += ["", *(f"{name}: {text}  " for name, text in report.where.items())]
    return "\n".join(lines) + "\n"


def print_report(console: Console, report: Report) -> None:
    """Print the table and its notes."""
    table = Table(title=report.title)
    for index, column in enumerate(report.columns):
        table.add_column(Text(column), justify="left" if index in report.left else "right")
    for row in report.rows:
        table.add_row(*map(Text, row))
    console.print(table)
    for note in report.notes:
        console.print(Text(note), soft_wrap=True)
