"""What a run reports while it works: the command line draws bars, Python may stay silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from benchmark.results.cells import Cell

Advance = Callable[[int, int], None]  # takes (done, total); a step ends when they are equal


class Progress(Protocol):
    """Receives what a run does. Nothing in it may raise."""

    def begin(self, cells: int) -> None:
        """The run starts, and has this many cells to fill."""

    def step(self, description: str) -> Advance:
        """A step of the work starts; call the result with (done, total)."""

    def say(self, line: str) -> None:
        """A line for people."""

    def finished(self, cell: Cell, kept: bool) -> None:
        """A cell is finished or has failed.

        Args:
            cell: The cell.
            kept: Whether an earlier run had finished it.
        """

    def module_failed(self, cells: Sequence[Cell]) -> None:
        """A module cannot be loaded; these are all its cells."""


class Silent:
    """Reports nothing."""

    def begin(self, cells: int) -> None:
        """Nothing."""

    def step(self, description: str) -> Advance:
        """Nothing is done with the numbers."""
        return lambda done, total: None

    def say(self, line: str) -> None:
        """Nothing."""

    def finished(self, cell: Cell, kept: bool) -> None:
        """Nothing."""

    def module_failed(self, cells: Sequence[Cell]) -> None:
        """Nothing."""
