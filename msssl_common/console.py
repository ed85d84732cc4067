"""The console that commands print to, and bars on it; light, so that commands start at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
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
from rich.segment import Segment
from rich.text import Text

from msssl_common.messages import LONGEST, printable_lines

QUIET_SECONDS = 60.0  # after which a log that is no terminal gets a line about the current step
PIPE_WIDTH = 160  # columns, where there is no terminal to ask


class GatedConsole(Console):
    """A console that obeys nothing in the text it prints: all of it passes `printable`.

    Styles and the movements of bars are rich's own and no text. Texts are not taken for markup.
    """

    def __init__(self, stderr: bool = False, **options: Any) -> None:  # noqa: ANN401 -- rich's
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """What rich makes of something, its text gated."""
        if isinstance(renderable, str):
            renderable = printable_lines(renderable)
        elif isinstance(renderable, Text) and len(renderable.plain) > LONGEST:
            renderable = Text(
                printable_lines(renderable.plain), renderable.style, end=renderable.end
            )
        for segment in super().render(renderable, options):
            yield segment if segment.control or _is_clean(segment.text) else _gated(segment)


def _is_clean(text: str) -> bool:
    return len(text) <= LONGEST and text.replace("\n", "").isprintable()


def _gated(segment: Segment) -> Segment:
    return Segment(printable_lines(segment.text), segment.style)


def make_console(stderr: bool = False, **options: Any) -> GatedConsole:  # noqa: ANN401 -- rich's
    """Standard output or error: as wide as the terminal, or wide enough for a table in a log."""
    stream = sys.stderr if stderr else sys.stdout
    return GatedConsole(stderr, width=None if stream.isatty() else PIPE_WIDTH, **options)


@contextmanager
def bar(console: Console, description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that appears with the first call of what it yields: (done, total).

    Where there is no terminal, the description is printed instead, and after each minute how far
    the work is.
    """
    with bars(console) as shown_bars:
        shown: list[TaskID] = []
        last_line = time.monotonic()

        def advance(done: int, total: int) -> None:
            nonlocal last_line
            if not shown:
                shown.append(shown_bars.add_task(description, total=total))
                if not console.is_terminal:
                    console.print(Text(f"{description} ..."), soft_wrap=True)
            elif not console.is_terminal and time.monotonic() - last_line > QUIET_SECONDS:
                last_line = time.monotonic()
                share = done / total if total else 1.0
                console.print(Text(f"{description}: {share:.0%}"), soft_wrap=True)
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
