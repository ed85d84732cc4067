"""What the validator prints: progress on stdout, warnings on stderr, bars on terminals."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from msssl_common.console import make_console
from msssl_common.messages import one_printable_line, say

WORTH_SAYING = 5.0  # s; shorter work is not announced
TICK_SECONDS = 0.5


class Report:
    """Prints the validation as it goes and keeps its warnings.

    Attributes:
        warnings: Each warning given so far, in order; one that was given before is not repeated.
        seconds_per_second: Seconds that the module took per second of audio, when it was measured.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.seconds_per_second = 0.0

    def progress(self, line: str) -> None:
        """Print a line of progress."""
        say(line)

    def warn(self, message: str) -> None:
        """Print a warning, once: something to look at, but scores are what they claim to be."""
        if message not in self.warnings:
            self.warnings.append(message)
            say(f"Warning: {message}", err=True)

    def foreign(self, text: str) -> None:
        """Print what others wrote, a log or a traceback, on stderr."""
        for line in text.splitlines():
            indent = " " * (len(line) - len(line.lstrip()))
            say(f"  | {indent}{one_printable_line(line)}", err=True)

    def estimate(self, audio_seconds: float) -> str:
        """How long that much audio will take, in words; empty if that is not long."""
        seconds = audio_seconds * self.seconds_per_second
        if seconds < WORTH_SAYING:
            return ""
        return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"

    @contextmanager
    def bar(self, description: str, audio_seconds: float) -> Iterator[None]:
        """Show a bar that moves with the clock, towards the estimate, on terminals only.

        A module embeds the audio in one call, which tells nothing before it returns.

        Args:
            description: What is being done.
            audio_seconds: How much audio is embedded meanwhile.
        """
        console = make_console()
        expected = audio_seconds * self.seconds_per_second
        if not console.is_terminal or expected < WORTH_SAYING:
            yield
            return
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as shown:
            task = shown.add_task(f"{description}, {self.estimate(audio_seconds)}", total=expected)
            ended, started = threading.Event(), time.monotonic()

            def tick() -> None:
                while not ended.wait(TICK_SECONDS):
                    elapsed = time.monotonic() - started
                    shown.update(task, completed=min(elapsed, 0.99 * expected))

            ticker = threading.Thread(target=tick, name="validator-bar", daemon=True)
            ticker.start()
            try:
                yield
            finally:
                ended.set()
                ticker.join()
