"""What a timed process tells of its run, as JSON from one process to another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from benchmark.bench.cost import Cost
from benchmark.heads.grid import GridPoint


@dataclass(frozen=True)
class Training:
    """One training of an exact run, for the bare loop to repeat.

    Attributes:
        fold: Index of its fold.
        point: Hyperparameters.
        steps: Optimiser steps until it stopped.
    """

    fold: int
    point: GridPoint
    steps: int


def trainings_of(facts: list[dict[str, Any]]) -> tuple[Training, ...]:
    """Trainings as JSON keeps them."""
    return tuple(Training(t["fold"], GridPoint(**t["point"]), t["steps"]) for t in facts)


@dataclass(frozen=True)
class HeadRun:
    """What a process found out.

    Attributes:
        work: Cost of the work, without imports.
        score: The task's first test score (mean over folds); NaN of a bare loop.
        trainings: Of an exact run, in order; else empty.
        size: Embedding size.
        rows: Training rows of the first fold.
        threads: Of torch.
        updates: Weights that were updated, summed over all steps: how much was trained.
    """

    work: Cost
    score: float
    trainings: tuple[Training, ...]
    size: int
    rows: int
    threads: int
    updates: int

    @property
    def shape(self) -> dict[str, int]:
        """How much was trained, for a table to name."""
        return {
            "rows": self.rows,
            "size": self.size,
            "trainings": len(self.trainings),
            "steps": sum(training.steps for training in self.trainings),
            "threads": self.threads,
        }

    @staticmethod
    def from_json(line: str) -> HeadRun:
        """The inverse of what a process prints."""
        facts: dict[str, Any] = json.loads(line)
        facts["work"] = Cost(**facts["work"])
        facts["trainings"] = trainings_of(facts["trainings"])
        return HeadRun(**facts)
