"""The console that commands print to, and bars on it; light, so that commands start at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

PIPE_WIDTH = 160  # columns, where there is no terminal to ask


def make_console() -> Console:
    """Standard output: as wide as the terminal, or wide enough for a table in a log."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


@contextmanager
def bar(console: Console, description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that appears with the first call of what it yields: (done, total).

    Where there is no terminal, the description is printed once instead.
    """
    with bars(console) as shown_bars:
        shown: list[TaskID] = []

        def advance(done: int, total: int) -> None:
            if not shown:
                shown.append(shown_bars.add_task(description, total=total))
                if not console.is_terminal:
                    console.print(Text(f"{description} ..."), soft_wrap=True)
            shown_bars.update(shown[0], completed=done, total=total)

        yield advance


def bars(console: Console) -> Progress:
    """Bars of things counted, on terminals only; they go when they are done."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def byte_bar(console: Console, description: str) -> Iterator[Callable[[int, int | None], None]]:
    """A line, with a bar under it for as long as the context lasts: it takes bytes done, of all."""
    console.print(Text(f"{description} ..."), soft_wrap=True)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task("", total=None)

        def advance(done: int, total: int | None) -> None:
            bars.update(bar, completed=done, total=total)

        yield advance
