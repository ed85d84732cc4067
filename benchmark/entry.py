"""One place of a table: a module on a task, over all seeds of the heads."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.results import Cell, TaskFacts
from benchmark.scores.averages import mean, std, std_over_folds

# The reason of a cell that nobody asked for: where runs of different rows or columns are merged.
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
        """What stands behind the ± of the first score: over folds if there are any, else seeds."""
        folds = self.std_folds(self.task.score)
        return self.std_seeds(self.task.score) if folds is None else folds

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
