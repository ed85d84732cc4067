"""Results of a run: one cell per module and task, a JSON file each, written as it finishes."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np

from benchmark.atomic_file import write_text
from benchmark.protocol import Protocol
from benchmark.scores import MINIMISED

SCHEMA = 1  # of a cell's JSON


@dataclass(frozen=True)
class ModuleFacts:
    """What a results row says about its module; of a module that cannot be loaded, its name."""

    label: str
    module: str
    checkpoint: str
    note: str | None = None
    weights_hash: str = ""
    module_hash: str = ""
    sample_rate: int | None = None
    parameters: int | None = None


@dataclass(frozen=True)
class TaskFacts:
    """What a results column says about its task; of an unreadable task, its folder's name.

    ``own_grid`` names the hyperparameters that the task's metadata takes out of the grid's hands.
    """

    task: str
    family: str = "unknown"
    score: str = ""
    notice: str | None = None
    folds: int = 1
    own_grid: str = ""

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Which direction of the primary score is better."""
        return better(self.score)


@dataclass(frozen=True)
class FoldScores:
    """Scores of one test split."""

    fold: str
    scores: dict[str, float]
    validation_score: float
    epoch: int


@dataclass(frozen=True)
class Cost:
    """What a cell cost; the columns of ``scores.csv`` say what each number is."""

    embedding_size: int
    clips: int
    audio_seconds: float
    embedding_seconds: float
    model_seconds: float
    embedding_cached: bool
    head_seconds: float


@dataclass(frozen=True)
class Cell:
    """One module on one task, finished or failed."""

    module: ModuleFacts
    task: TaskFacts
    protocol: Protocol
    task_hash: str
    reason: str | None  # None if the cell is finished
    folds: list[FoldScores] = field(default_factory=list)
    cost: Cost | None = None
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    postprocessing: dict[str, float] = field(default_factory=dict)
    device: str = "cpu"
    versions: str = ""
    machine: str = ""
    date: str = ""
    schema: int = SCHEMA

    @property
    def primary(self) -> float | None:
        """Mean over folds of the task's first score; None if the cell failed."""
        return None if self.reason else self.mean(self.task.score)

    def mean(self, score: str) -> float:
        """Mean of a score over folds."""
        values = self._numbers(score)
        return fmean(values) if values else math.nan

    def std(self, score: str) -> float | None:
        """Standard deviation of a score over folds, ddof 1; None for a single split."""
        if len(self.folds) < 2:
            return None
        values = self._numbers(score)
        with np.errstate(invalid="ignore"):  # d_prime may be infinite; then this is NaN
            return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan

    def _numbers(self, score: str) -> list[float]:
        """A score's values; NaN folds are left out, as upstream's pandas does."""
        values = (fold.scores[score] for fold in self.folds)
        return [value for value in values if not math.isnan(value)]

    def answers(self, module_hash: str, task_hash: str, protocol: Protocol) -> bool:
        """Whether this is the finished cell of exactly that question, so that it can be kept."""
        asked = (module_hash, task_hash, protocol)
        return not self.reason and asked == (self.module.module_hash, self.task_hash, self.protocol)


def better(score: str) -> Literal["higher", "lower"]:
    """Which direction of a score is better."""
    lower = score in MINIMISED or score.endswith(("_loss", "_error_rate"))
    return "lower" if lower else "higher"


def cell_path(out: Path, spec: str, task: str, protocol: Protocol) -> Path:
    """File of a cell: named by what was asked for, so that a success replaces a failure."""
    name = re.sub(r"[^\w.-]+", "_", spec)
    if name != spec:  # a checkpoint's path: keep two apart that read alike
        name = f"{name[:80]}-{hashlib.sha256(spec.encode()).hexdigest()[:8]}"
    return out / "cells" / f"{name}__{task}__{protocol.name}.json"


def save_cell(path: Path, cell: Cell) -> None:
    """Write a cell at once. NaN and infinite scores are written as Python's json writes them."""
    write_text(path, json.dumps(asdict(cell), indent=1) + "\n")


def load_cell(path: Path) -> Cell | None:
    """Read a cell, or None if there is none that this version can read."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if facts["schema"] != SCHEMA:
            return None
        nested = {
            "module": ModuleFacts(**facts["module"]),
            "task": TaskFacts(**facts["task"]),
            "protocol": Protocol(**facts["protocol"]),
            "folds": [FoldScores(**fold) for fold in facts["folds"]],
            "cost": Cost(**facts["cost"]) if facts["cost"] else None,
        }
        return Cell(**{**facts, **nested})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def speed(cells: Iterable[Cell]) -> float | None:
    """Seconds of audio embedded per second inside the module, over several cells."""
    costs = [cell.cost for cell in cells if cell.cost]
    seconds = sum(cost.model_seconds for cost in costs)
    return sum(cost.audio_seconds for cost in costs) / seconds if seconds else None
