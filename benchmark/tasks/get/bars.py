"""What ``msbench tasks get`` shows: a bar in bytes on a terminal, a line in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text


@contextmanager
def byte_bar(console: Console, description: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar for as long as the context lasts; what it yields takes bytes done, and in all."""
    if not console.is_terminal:
        console.print(Text(f"{description} ..."), soft_wrap=True)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bars:
        bar = bars.add_task(description, total=None)

        def advance(done: int, total: int | None) -> None:
            bars.update(bar, completed=done, total=total)

        yield advance
