"""Which cells of two results folders stand against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.report.merged_cells import CellFile, merged, read_cells
from benchmark.results.cells import ModuleFacts, TaskFacts
from benchmark.results.leaderboard import NOT_RUN, Entry


@dataclass(frozen=True)
class Place:
    """A module on a task in both folders; the files are one per seed, by seed.

    Attributes:
        row: Label of the module; of two modules ``"X → Y"``.
        a: Cells of the first folder.
        b: Cells of the second folder.
    """

    row: str
    a: tuple[CellFile, ...]
    b: tuple[CellFile, ...]

    @property
    def task(self) -> TaskFacts:
        """The task, as a finished cell has it if there is one."""
        return next(
            (file.cell.task for file in (*self.b, *self.a) if not file.cell.reason),
            self.b[0].cell.task,
        )

    @property
    def name(self) -> str:
        """E.g. ``"cola on esc50-v2.0.0-full"``."""
        return f"{self.row} on {self.task.task}"

    @property
    def same_task(self) -> bool:
        """Whether both were run on the same task, as far as hashes tell.

        A task's hash is of its audio at the module's sample rate: those of modules of different
        rates say nothing, nor do those of cells that failed before the task was read.
        """
        a, b = self.a[0].cell, self.b[0].cell
        if a.module.sample_rate != b.module.sample_rate or not (a.task_hash and b.task_hash):
            return True
        return a.task_hash == b.task_hash


@dataclass(frozen=True)
class Matched:
    """Places of two folders.

    Attributes:
        places: In the order of rows and tasks of the second folder.
        only: What is in one folder only, a sentence each.
        cautions: What was left out when the folders were read.
        damaged: Cells that were left out because they are damaged, a sentence each.
    """

    places: list[Place]
    only: list[str]
    cautions: list[str]
    damaged: list[str]


class Side:
    """One results folder: its cells by row and task."""

    def __init__(self, folder: Path) -> None:
        """Read a folder.

        Raises:
            FileNotFoundError: It holds no results.
            ValueError: None can be read, or they cannot stand in one table.
        """
        self.folder = folder
        files, self.damaged, self.cautions = read_cells(folder)
        cells: dict[tuple[str, str], list[CellFile]] = {}
        self.rows: dict[str, ModuleFacts] = {}
        for file in sorted(merged(files), key=lambda file: file.cell.protocol.seed):
            self.rows.setdefault(file.cell.module.spec, file.cell.module)
            if file.cell.reason != NOT_RUN:
                cells.setdefault((file.cell.module.spec, file.cell.task.task), []).append(file)
        self.cells = {place: tuple(seeds) for place, seeds in cells.items()}

    def row(self, name: str) -> str:
        """Spec of the row that is labelled so, or has that spec.

        Raises:
            ValueError: There is none.
        """
        for row, module in self.rows.items():
            if name in (row, module.label):
                return row
        there = ", ".join(module.label for module in self.rows.values())
        raise ValueError(f"{self.folder} has no row {name!r}; there are: {there}.")

    def tasks(self, row: str) -> list[str]:
        """Tasks that a row was run on."""
        return [task for of_row, task in self.cells if of_row == row]


def match(a: Side, b: Side) -> Matched:
    """The same module, checkpoint and task in both."""
    places = [
        Place(b.rows[row].label, a.cells[row, task], cells)
        for (row, task), cells in b.cells.items()
        if (row, task) in a.cells
    ]
    only = [sentence for one, other in ((a, b), (b, a)) for sentence in _only(one, other)]
    return Matched(places, only, [*a.cautions, *b.cautions], [*a.damaged, *b.damaged])


def match_rows(a: Side, b: Side, first: str, second: str) -> Matched:
    """Row ``first`` of A against row ``second`` of B, on the tasks of both.

    Raises:
        ValueError: There is no such row.
    """
    x, y = a.row(first), b.row(second)
    label = f"{a.rows[x].label} → {b.rows[y].label}"
    places = [
        Place(label, a.cells[x, task], b.cells[y, task])
        for task in b.tasks(y)
        if (x, task) in a.cells
    ]
    only = [
        f"{side.rows[row].label} alone was run on: {', '.join(tasks)}."
        for side, row, tasks in (
            (a, x, _without(a.tasks(x), b.tasks(y))),
            (b, y, _without(b.tasks(y), a.tasks(x))),
        )
        if tasks
    ]
    return Matched(places, only, [*a.cautions, *b.cautions], [*a.damaged, *b.damaged])


def entry(files: Sequence[CellFile]) -> Entry:
    """The cells, over seeds."""
    return Entry(tuple(file.cell for file in files))


def _only(one: Side, other: Side) -> list[str]:
    """Rows, then columns, then single places that the other folder has not."""
    rows = [row for row in one.rows if row not in other.rows]
    columns = _without([task for _, task in one.cells], [task for _, task in other.cells])
    places = [
        f"{one.rows[row].label} on {task}"
        for row, task in one.cells
        if (row, task) not in other.cells and row not in rows and task not in columns
    ]
    named = [
        ("rows", [one.rows[row].label for row in rows]),
        ("tasks", columns),
        ("cells", places),
    ]
    return [f"Only in {one.folder}: {kind} {', '.join(names)}." for kind, names in named if names]


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name not in others]
