"""The console that commands print to; light, so that commands without models start at once."""

from __future__ import annotations

import sys

from rich.console import Console

PIPE_WIDTH = 160  # columns, where there is no terminal to ask


def make_console() -> Console:
    """Standard output: as wide as the terminal, or wide enough for a table in a log."""
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
