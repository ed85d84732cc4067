"""The table of cells: rows are modules, columns are tasks, an entry is the task's first score.

An entry covers all seeds of the heads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.protocol import Protocol
from benchmark.results.cells import Cell, ModuleFacts, TaskFacts
from benchmark.scores.averages import mean, std, std_over_folds

# The reason of a cell that was not run: where runs of different rows or columns are merged.
NOT_RUN = "Not run in these results."


@dataclass(frozen=True)
class Entry:
    """The cells of one module on one task, one per seed. One that failed fails the entry."""

    cells: tuple[Cell, ...]

    @property
    def task(self) -> TaskFacts:
        """The cells' task."""
        return self.cells[0].task

    @property
    def reason(self) -> str | None:
        """Why the first of the failed cells failed; None if all are finished."""
        return next((cell.reason for cell in self.cells if cell.reason), None)

    @property
    def not_run(self) -> bool:
        """Whether nobody ran this: not a failure, though it has a reason."""
        return self.reason == NOT_RUN

    @property
    def primary(self) -> float | None:
        """Mean of the task's first score; None if the entry failed."""
        return None if self.reason else self.mean(self.task.score)

    @property
    def spread(self) -> float | None:
        """What stands behind the ± of the first score: over folds if there are any, else seeds.

        None where it is undefined.
        """
        folds = self.std_folds(self.task.score)
        spread = self.std_seeds(self.task.score) if folds is None else folds
        return None if spread is None or math.isnan(spread) else spread

    def mean(self, score: str) -> float:
        """Mean over seeds of a score's mean over folds."""
        return mean(cell.mean(score) for cell in self.cells)

    def std_seeds(self, score: str) -> float | None:
        """Standard deviation over seeds (ddof 1) of a score's mean over folds; None for one."""
        if len(self.cells) < 2:
            return None
        return std(cell.mean(score) for cell in self.cells)

    def std_folds(self, score: str) -> float | None:
        """Standard deviation over folds (ddof 1) of a score's mean over seeds; None for one."""
        folds = zip(*(cell.folds for cell in self.cells), strict=True)
        means = [mean(fold.scores[score] for fold in seeds) for seeds in folds]
        return std_over_folds(means) if len(means) > 1 else None


FAMILIES = ("scene", "event", "pitch", "unknown")


@dataclass(frozen=True)
class ResultTable:
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
    def of(cells: Sequence[Cell]) -> ResultTable:
        """Arrange the cells of one run, of one protocol but for the seed."""
        modules = {cell.module.label: cell.module for cell in cells}
        tasks = {cell.task.task: cell.task for cell in cells}
        by_seed: dict[tuple[str, str], list[Cell]] = {}
        for cell in cells:
            by_seed.setdefault((cell.module.label, cell.task.task), []).append(cell)
        return ResultTable(
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
