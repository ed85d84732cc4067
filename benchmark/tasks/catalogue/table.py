"""The table that ``msbench tasks ls`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from benchmark.tasks.catalogue.listing import Listed
from benchmark.tasks.find import UnreadableTask

COLUMNS = ("task", "kind", "classes", "clips", "hours", "metric", "licence", "from", "here")
RIGHT = ("classes", "clips", "hours")
UNKNOWN = "–"

NOTE = (
    "licence: of the audio; here: at which sample rates. Tasks from HEAR come with "
    f"`msbench tasks get NAME`. {UNKNOWN}: not stated by the sources that we know."
)


def print_listed(
    console: Console, tasks: Sequence[Listed], unreadable: Sequence[UnreadableTask]
) -> None:
    """Print every task, and below them the folders that should be tasks but cannot be read.

    Lines are wrapped by a narrow terminal rather than cut: names are there to be copied.
    """
    rows = [COLUMNS, *map(_cells, tasks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for name, cell, width in zip(COLUMNS, row, widths, strict=True)
        ]
        style = "bold" if row is COLUMNS else ""
        console.print(Text("  ".join(cells).rstrip(), style=style), soft_wrap=True)
    for folder in unreadable:
        console.print(Text(f"{folder.full_name} cannot be read: {folder.reason}"), soft_wrap=True)
    console.print(Text(NOTE), soft_wrap=True)


def _cells(task: Listed) -> tuple[str, ...]:
    return (
        task.task,
        task.kind,
        UNKNOWN if task.classes is None else f"{task.classes:,}",
        UNKNOWN if task.clips is None else f"{task.clips:,}",
        UNKNOWN if task.hours is None else _hours(task.hours),
        task.metric,
        task.licence or UNKNOWN,
        task.origin,
        task.here,
    )


def _hours(hours: float) -> str:
    """Two digits that count, e.g. ``"54"``, ``"2.8"``, ``"0.037"``."""
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.2g}"
