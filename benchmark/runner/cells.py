"""What becomes of the cells of a run: each is blank, then kept, failed or filled, and saved.

Executors (`benchmark.runner.local`, `benchmark.runner.ray`) do the work and tell `RunCells`.
Cells may be finished in any order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from benchmark.embeddings.cache import changed_input
from benchmark.heads.saved_heads import SavedHeads
from benchmark.results.cell_files import cell_path, load_cell, read_cell, save_cell
from benchmark.results.cells import Cell, ModuleFacts
from benchmark.results.schema.cell_json import cell_text
from benchmark.results.verified import damage
from benchmark.runner.evaluate_cell import EvaluatedCell, cell_heads_folder, stamped
from benchmark.runner.plan import RunPlan
from benchmark.runner.progress import Progress
from benchmark.runner.tracking import Tracking
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task
from msssl_common.files import write_text
from msssl_common.messages import reason_for_cell


class CellSink(Protocol):
    """Takes cells that are saved; see `FinishedCells`."""

    def add(self, cell: Cell, kept: bool = False) -> None:
        """Take a cell that is finished or failed."""

    def add_failed_module(self, cells: Sequence[Cell]) -> None:
        """Take all cells of a module that cannot be loaded."""


class RunCells:
    """The cells of a run, on the way from blank to kept, failed or filled.

    Every cell is saved before it is passed on.

    Args:
        plan: The run.
        sink: Takes the cells.
    """

    def __init__(self, plan: RunPlan, sink: CellSink) -> None:
        self._plan = plan
        self._sink = sink

    def fail_module(self, spec: str, reason: str) -> ModuleFacts:
        """Fail all cells of a module that cannot be loaded.

        Returns:
            What rows say of it.
        """
        module = self._plan.unloaded(spec)
        blanks = [self._plan.blanks(module, task, reason) for task in self._plan.tasks]
        failed = [self._save_failed(blank) for seeds in blanks for blank in seeds]
        self._sink.add_failed_module(failed)
        return module

    def blanks(self, module: ModuleFacts) -> Iterator[tuple[Task, list[Cell]]]:
        """A loaded module's cells, task by task; those of unreadable tasks are failed.

        Yields:
            A task, and its blank cells, one per seed.
        """
        for task in self._plan.tasks:
            blanks = self._plan.blanks(module, task)
            if isinstance(task, UnreadableTask):
                self.fail(blanks, task.reason)
            else:
                yield task, blanks

    def keep(self, blanks: Iterable[Cell], task_hash: str) -> list[Cell]:
        """Keep what earlier runs finished of a module and task.

        Returns:
            The cells that are still blank, with the task's hash.
        """
        missing = []
        for blank in blanks:
            asked = replace(blank, task_hash=task_hash)
            if cell := self.kept(asked):
                self._rename(cell)
                self._sink.add(cell, kept=True)
            else:
                missing.append(asked)
        return missing

    def fail(self, blanks: Iterable[Cell], reason: str) -> None:
        """Fail cells, all for one reason."""
        for blank in blanks:
            self._sink.add(self._save_failed(replace(blank, reason=reason)))

    def fill(self, blank: Cell, evaluate: Callable[[], EvaluatedCell]) -> None:
        """Fill a cell, or fail it where that raises.

        Args:
            blank: The cell.
            evaluate: Returns it with its scores.
        """
        try:
            evaluated = evaluate()
            self._save(evaluated)
        except Exception as error:
            self.fail([blank], reason_for_cell(error, self._plan.debug))
        else:
            self._sink.add(evaluated.cell)

    def step_name(self, cell: Cell, work: str) -> str:
        """What a step of the work on a cell is called while it is shown.

        Args:
            cell: The cell.
            work: The work in a few words.
        """
        seed = f", seed {cell.protocol.seed}" if self._plan.seeds > 1 else ""
        return f"{shared_step_name(cell, work)}{seed}"

    def kept(self, asked: Cell) -> Cell | None:
        """The cell that an earlier run finished for the same question, under today's names.

        One whose predictions are lost, or do not give its scores, counts as absent; and one of an
        earlier version whose heads were selected by an undefined score (see `selection`).
        """
        path = cell_path(self._plan.out, asked)
        cell = load_cell(path)
        blind = cell is not None and cell.is_blind and cell.task.family != "event"
        if cell and cell.answers(asked) and not (blind or damage(path, cell) or _outdated(path)):
            # Of a run that was killed after it saved the cell.
            SavedHeads(cell_heads_folder(asked)).remove()
            return replace(cell, module=asked.module, task=asked.task)
        return None

    def _rename(self, kept: Cell) -> None:
        """Write down a label or a licence that the user gave since the cell was made."""
        path = cell_path(self._plan.out, kept)
        there = read_cell(path)
        if (there.module, there.task) != (kept.module, kept.task):
            write_text(path, cell_text(kept))

    def _save_failed(self, cell: Cell) -> Cell:
        cell = stamped(cell)
        save_cell(cell_path(self._plan.out, cell), cell)
        return cell

    def _save(self, evaluated: EvaluatedCell) -> None:
        """Save a finished cell and what its heads predicted; the heads themselves may go."""
        path = cell_path(self._plan.out, evaluated.cell)
        if evaluated.inputs:
            write_text(_inputs_path(path), json.dumps(evaluated.inputs, indent=1) + "\n")
        else:
            _inputs_path(path).unlink(missing_ok=True)
        save_cell(path, evaluated.cell, evaluated.predictions)
        SavedHeads(cell_heads_folder(evaluated.cell)).remove()


def shared_step_name(cell: Cell, work: str) -> str:
    """What a step is called that serves a cell's every seed; see `RunCells.step_name`."""
    return f"{cell.module.label} {cell.task.task}: {work}"


def _inputs_path(cell: Path) -> Path:
    """Beside a cell: SHA-256, by path, of files that its module read while it embedded."""
    return cell.with_suffix(".inputs")


def _outdated(cell: Path) -> bool:
    """Whether a file that a cell's module read has changed."""
    try:
        inputs = json.loads(_inputs_path(cell).read_text("utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return not isinstance(inputs, dict) or changed_input(inputs) is not None


class FinishedCells:
    """Shows each cell, passes it to the tracker and keeps it for the tables.

    Args:
        plan: The run.
        progress: Shows cells.
        tracking: Gets every finished cell.
    """

    def __init__(self, plan: RunPlan, progress: Progress, tracking: Tracking | None = None) -> None:
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


Executor = Callable[[RunPlan, FinishedCells], None]  # fills every cell of a plan, in any order
