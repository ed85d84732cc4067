"""A table of measurements on the terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.runner.provenance import machine, versions
from msssl_common.files import write_text

SUFFIXES = (".md", ".json")


@dataclass(frozen=True)
class Report:
    """What was measured.

    Attributes:
        title: In one line.
        columns: Heads of columns; the first two are set left.
        rows: Cells as text.
        notes: Sentences under the table.
        measured: Everything that was measured, for JSON.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    measured: dict[str, object]


def check_report_path(path: Path) -> None:
    """Refuse a file name before hours are spent.

    Raises:
        ValueError: The ending tells of neither Markdown nor JSON.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"--out {path}: the file must end in {' or '.join(SUFFIXES)}.")


def write_report(report: Report, path: Path) -> None:
    """Write a report as the ending of ``path`` tells."""
    if path.suffix == ".json":
        facts = {"title": report.title, **_where(), "notes": list(report.notes), **report.measured}
        write_text(path, json.dumps(facts, indent=1) + "\n")
    else:
        write_text(path, markdown(report))


def _where() -> dict[str, str]:
    return {"machine": machine("cpu"), "versions": versions()}


def markdown(report: Report) -> str:
    """The table with its notes and where it was measured."""
    lines = [f"# {report.title}", ""]
    lines.append("| " + " | ".join(report.columns) + " |")
    lines.append("|---|---|" + "---:|" * (len(report.columns) - 2))
    lines += ["| " + " | ".join(row) + " |" for row in report.rows]
    lines += ["", *(f"* {note}" for note in report.notes)]
    lines += ["", *(f"{name}: {text}  " for name, text in _where().items())]
    return "\n".join(lines) + "\n"


def print_report(console: Console, report: Report) -> None:
    """Print the table and its notes."""
    table = Table(title=report.title)
    for index, column in enumerate(report.columns):
        table.add_column(Text(column), justify="left" if index < 2 else "right")
    for row in report.rows:
        table.add_row(*map(Text, row))
    console.print(table)
    for note in report.notes:
        console.print(Text(note), soft_wrap=True)
