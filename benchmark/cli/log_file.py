"""``--log FILE``: what a run says, with the time of every line, kept in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from rich.console import Console
from rich.text import Text

from msssl_common.console import PIPE_WIDTH, GatedConsole


@contextmanager
def opened_log(path: Path | None) -> Iterator[Console | None]:
    """A console that adds to a file; None where none is asked for.

    Raises:
        OSError: The file cannot be written to.
    """
    if path is None:
        yield None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", buffering=1) as file:
        yield GatedConsole(file=file, width=PIPE_WIDTH, color_system=None)


def log_line(log: Console, line: str) -> None:
    """Add a line, after date and time (UTC)."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    log.print(Text(f"{now} {line}"), soft_wrap=True)
