"""The cells of a run as they are finished, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.cell_files import cell_path
from benchmark.plan import Run
from benchmark.results import Cell
from benchmark.terminal import RunProgress
from benchmark.tracking.tracking import Tracking


class FinishedCells:
    """Shows each cell, passes it to the tracker and keeps it for the tables.

    Args:
        plan: The run.
        progress: Shows cells.
        tracking: Gets every finished cell.
    """

    def __init__(self, plan: Run, progress: RunProgress, tracking: Tracking | None = None) -> None:
        self.progress = progress
        self._plan = plan
        self._tracking = tracking
        self._cells: list[Cell] = []

    def add(self, cell: Cell, kept: bool = False) -> None:
        """Take a cell that is finished or failed.

        Args:
            cell: The cell, which is saved already.
            kept: Whether an earlier run made it.
        """
        self.progress.finished(cell, kept)
        if self._tracking:
            self._tracking.cell(cell_path(self._plan.out, cell), cell)
        self._cells.append(cell)

    def add_failed_module(self, cells: Sequence[Cell]) -> None:
        """Take all cells of a module that cannot be loaded."""
        self.progress.module_failed(cells)
        self._cells += cells

    def in_order(self) -> list[Cell]:
        """All cells so far: rows, columns and seeds as the run names them."""
        rows = {spec.rstrip("="): place for place, spec in enumerate(self._plan.specs)}
        columns = {task.full_name: place for place, task in enumerate(self._plan.tasks)}

        def place(cell: Cell) -> tuple[int, int, int]:
            return rows[cell.module.spec.rstrip("=")], columns[cell.task.task], cell.protocol.seed

        return sorted(self._cells, key=place)
