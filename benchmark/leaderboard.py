"""The table of a run: rows are modules, columns are tasks, an entry is the task's first score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.entry import Entry
from benchmark.protocol import Protocol
from benchmark.results import Cell, ModuleFacts, TaskFacts

FAMILIES = ("scene", "event", "pitch", "unknown")


@dataclass(frozen=True)
class Leaderboard:
    """Cells of one protocol, arranged.

    Attributes:
        modules: Rows, in the order they were asked for.
        tasks: Columns, by family.
        entries: By (row label, task name).
        protocol: How all of them were scored, under the first seed.
        seeds: All seeds of the heads.
        embedding_dtype: Type in which embeddings were kept.
    """

    modules: list[ModuleFacts]
    tasks: list[TaskFacts]
    entries: dict[tuple[str, str], Entry]
    protocol: Protocol
    seeds: list[int]
    embedding_dtype: str

    @staticmethod
    def of(cells: Sequence[Cell]) -> Leaderboard:
        """Arrange the cells of one run, of one protocol but for the seed."""
        modules = {cell.module.label: cell.module for cell in cells}
        tasks = {cell.task.task: cell.task for cell in cells}
        by_seed: dict[tuple[str, str], list[Cell]] = {}
        for cell in cells:
            by_seed.setdefault((cell.module.label, cell.task.task), []).append(cell)
        return Leaderboard(
            modules=list(modules.values()),
            tasks=sorted(tasks.values(), key=lambda task: FAMILIES.index(task.family)),
            entries={key: Entry(tuple(seeds)) for key, seeds in by_seed.items()},
            protocol=cells[0].protocol,
            seeds=list(dict.fromkeys(cell.protocol.seed for cell in cells)),
            embedding_dtype=cells[0].embedding_dtype,
        )

    def row(self, module: ModuleFacts) -> list[Entry]:
        """A module's entries, in column order."""
        return [self.entries[module.label, task.task] for task in self.tasks]

    def cells(self, module: ModuleFacts) -> list[Cell]:
        """A module's cells, in column order, seeds together."""
        return [cell for entry in self.row(module) for cell in entry.cells]

    def best(self, task: TaskFacts) -> float | None:
        """The best score of a column, NaN left out."""
        values = [self.entries[module.label, task.task].primary for module in self.modules]
        numbers = [value for value in values if value is not None and not math.isnan(value)]
        if not numbers:
            return None
        return max(numbers) if task.better == "higher" else min(numbers)
