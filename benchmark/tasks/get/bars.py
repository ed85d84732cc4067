"""What ``msbench tasks get`` shows: a bar in bytes on a terminal, a line in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


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
