"""What a run on a cluster shows: one bar for all tasks, beside the lines of finished cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from benchmark.finished_cells import FinishedCells
from benchmark.results import Cell


class ClusterProgress:
    """Shows tasks and passes finished cells on.

    Args:
        finished: Takes the cells.
    """

    def __init__(self, finished: FinishedCells) -> None:
        self._finished = finished
        self._advance = self._step()
        self._shown = (0, 0)

    def say(self, line: str) -> None:
        """Print a line."""
        self._finished.progress.console.print(Text(line), soft_wrap=True)

    def count(self, done: int, total: int) -> None:
        """Show how many tasks are done, of those known so far."""
        self._shown = (done, total)
        if done < total:  # otherwise the bar would go: more tasks may follow
            self._advance(done, total)

    def add(self, cell: Cell, kept: bool = False) -> None:
        """Take a finished or failed cell; see `FinishedCells.add`."""
        self._finished.add(cell, kept)
        self._again()

    def add_failed_module(self, cells: Sequence[Cell]) -> None:
        """Take the cells of a module that cannot be loaded."""
        self._finished.add_failed_module(cells)
        self._again()

    def _again(self) -> None:
        """A finished cell clears all bars but the run's."""
        self._advance = self._step()
        self.count(*self._shown)

    def _step(self) -> Callable[[int, int], None]:
        return self._finished.progress.step("tasks on the cluster")
