"""What ``msbench run`` shows while it works: bars, and a line per finished cell.

Bars appear on terminals only; lines go into pipes and logs as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console
from rich.text import Text

from benchmark.cli.log_file import log_line
from benchmark.report.numbers import score_text
from benchmark.results.cells import Cell
from msssl_common.console import bars
from msssl_common.messages import printable_name, say

QUIET_SECONDS = 60.0  # after which a log that is no terminal gets a line about the current step


class RunProgress:
    """Bars for the run and for the step it is at.

    Args:
        console: Gets bars and lines. If it is quiet, what fails is a line on standard error.
        log: Gets the lines, too.
    """

    def __init__(self, console: Console, log: Console | None = None) -> None:
        self.console = console
        self.log = log
        self._bars = bars(console)
        self._run = self._bars.add_task("cells", total=None)
        self._last_line = time.monotonic()

    def __enter__(self) -> RunProgress:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def begin(self, cells: int) -> None:
        """Show how many cells there are to fill."""
        self._bars.update(self._run, total=cells)

    def say(self, line: str) -> None:
        """Print a line."""
        self._print(line)

    def step(self, description: str) -> Callable[[int, int], None]:
        """Begin a step; call the result with (done, total), the step ends when they are equal."""
        bar = self._bars.add_task(description, total=None)

        def advance(done: int, total: int) -> None:
            if not self.console.is_terminal and time.monotonic() - self._last_line > QUIET_SECONDS:
                self._print(f"{description}: {done} of {total}")
            if done < total:
                self._bars.update(bar, completed=done, total=total)
            else:
                self._bars.update(bar, visible=False)

        return advance

    def finished(self, cell: Cell, kept: bool) -> None:
        """Print a cell's line.

        Args:
            cell: The finished or failed cell.
            kept: Whether an earlier run had finished it.
        """
        self._bars.advance(self._run)
        for failed in self._bars.task_ids[1:]:  # of a step that failed
            self._bars.remove_task(failed)
        self._print_outcome(cell.module.label, cell.task.task, _outcome(cell, kept))

    def module_failed(self, cells: Sequence[Cell]) -> None:
        """Print one line for all cells of a module that cannot be loaded."""
        self._bars.advance(self._run, len(cells))
        self._print_outcome(cells[0].module.label, "all tasks", f"failed: {cells[0].reason}")

    def _print_outcome(self, row: str, column: str, outcome: str) -> None:
        line = f"{printable_name(row):<28} {printable_name(column):<32} {outcome}"
        self._print(line)
        if self.console.quiet and outcome.startswith("failed"):
            say(line, err=True)

    def _print(self, line: str) -> None:
        self._last_line = time.monotonic()
        if self.log:
            log_line(self.log, line)
        self.console.print(Text(line), soft_wrap=True)


def _outcome(cell: Cell, kept: bool) -> str:
    if cell.primary is None or cell.cost is None:
        return f"failed: {cell.reason}"
    shots = "" if cell.protocol.shots is None else f"{cell.protocol.shots} per class, "
    text = f"{cell.task.score} {score_text(cell.primary)}  {shots}seed {cell.protocol.seed}"
    if kept:
        return f"{text} (finished earlier)"
    embedding = "cached" if cell.cost.embedding_cached else f"{cell.cost.embedding_seconds:.1f} s"
    return f"{text}, embedding {embedding}, heads {cell.cost.head_seconds:.1f} s"
