"""The table that ``msbench tasks ls`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.tasks.catalogue.listing import Listed
from benchmark.tasks.find import UnreadableTask

RIGHT = ("classes", "clips", "hours")
COLUMNS = ("task", "kind", *RIGHT, "metric", "licence of the audio", "from", "here")
UNKNOWN = "–"

NOTE = (
    "Here: at which sample rates; tasks from HEAR come with `msbench tasks get NAME`, those made "
    f"here with their first run. {UNKNOWN}: not stated by the sources that we know."
)


def print_listed(
    console: Console, tasks: Sequence[Listed], unreadable: Sequence[UnreadableTask]
) -> None:
    """Print every task, and below them the folders that should be tasks but cannot be read."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(
            column,
            justify="right" if column in RIGHT else "left",
            no_wrap=column not in ("licence of the audio", "here"),
        )
    for task in tasks:
        table.add_row(*(Text(cell) for cell in _cells(task)))
    console.print(table)
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
