"""Results of a run: one cell per module, task and seed, finished or failed."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from benchmark.protocol import Protocol
from benchmark.scores import MINIMISED
from benchmark.scores.averages import mean_over_folds

SCHEMA = 8  # of a cell's JSON; see benchmark.results.schema


@dataclass(frozen=True)
class ModuleFacts:
    """What a results row says about its module; of a module that cannot be loaded, its name.

    ``distribution`` is name and version of what was installed to have it, e.g. ``"openl3 0.4.2"``.
    ``licence`` is that of the weights, an SPDX expression; empty if it is not known, and in cells
    written before it was kept.
    """

    label: str
    module: str
    checkpoint: str
    note: str | None = None
    weights_hash: str = ""
    module_hash: str = ""
    sample_rate: int | None = None
    parameters: int | None = None
    scene_embedding_size: int | None = None
    timestamp_embedding_size: int | None = None
    distribution: str = ""
    licence: str = ""

    @property
    def spec(self) -> str:
        """What was typed to load it: ``module`` or ``module=checkpoint``."""
        return f"{self.module}={self.checkpoint}" if self.checkpoint else self.module


def with_unique_label(module: ModuleFacts, taken: Container[str]) -> ModuleFacts:
    """A module's facts, under a label that no other row has.

    Two checkpoints may carry the same label, but two rows must not: the second one gets what was
    typed to load it behind its label.

    Args:
        module: The module.
        taken: Labels of other rows.
    """
    if module.label not in taken:
        return module
    return replace(module, label=f"{module.label} ({module.spec})")


@dataclass(frozen=True)
class TaskFacts:
    """What a results column says about its task; of an unreadable task, its folder's name.

    ``own_grid`` names the hyperparameters that the task's metadata takes out of the grid's hands.
    """

    task: str
    family: Literal["scene", "event", "pitch", "unknown"] = "unknown"
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
    """Scores of one test split, and the head that made them.

    ``postprocessing`` is empty for scene tasks. ``validation_curve`` has [epoch, score] of every
    validation of the head's training; empty in cells written before it was kept. ``selected_by``
    says what selected the head where the validation split leaves the first score undefined.
    ``steps`` are the optimiser steps of the head's training; None of probes and in older cells.
    """

    fold: str
    scores: dict[str, float]
    validation_score: float
    epoch: int
    hyperparameters: dict[str, int | float | str] = field(default_factory=dict)
    postprocessing: dict[str, float] = field(default_factory=dict)
    # Scores are what two cells of one question must have in common; older ones have no curve.
    validation_curve: list[list[float]] = field(default_factory=list, compare=False)
    selected_by: str = field(default="", compare=False)
    steps: int | None = field(default=None, compare=False)


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
    peak_memory_bytes: int | None = None


@dataclass(frozen=True)
class Cell:
    """One module on one task under one seed, finished or failed.

    ``predictions_hash`` is the SHA-256 of the predictions file beside a finished cell; ``command``
    is the command line that made it, empty in cells written before it was kept. ``degenerate`` has
    shares of embeddings that heads cannot learn from, by kind; kinds without any are left out, and
    cells written before it was kept have none.
    """

    module: ModuleFacts
    task: TaskFacts
    protocol: Protocol
    task_hash: str
    reason: str | None  # None if the cell is finished
    folds: list[FoldScores] = field(default_factory=list)
    cost: Cost | None = None
    embedding_dtype: str = "float32"
    predictions_hash: str = ""
    device: str = "cpu"
    versions: str = ""
    machine: str = ""
    date: str = ""
    command: str = ""
    degenerate: dict[str, float] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def primary(self) -> float | None:
        """Mean over folds of the task's first score; None if the cell failed."""
        return None if self.reason else self.mean(self.task.score)

    @property
    def is_blind(self) -> bool:
        """Whether a head was kept though its validation score was undefined."""
        return any(
            math.isnan(score)
            for fold in self.folds
            for epoch, score in fold.validation_curve
            if epoch == fold.epoch
        )

    def mean(self, score: str) -> float:
        """Mean of a score over folds, NaN folds left out."""
        return mean_over_folds(fold.scores[score] for fold in self.folds)

    def answers(self, asked: Cell) -> bool:
        """Whether this is the finished cell of exactly that question, so that it can be kept."""
        return not self.reason and self._question == asked._question

    @property
    def _question(self) -> tuple[object, ...]:
        return self.module.module_hash, self.task_hash, self.protocol, self.embedding_dtype


def better(score: str) -> Literal["higher", "lower"]:
    """Which direction of a score is better."""
    lower = score in MINIMISED or score.endswith(("_loss", "_error_rate"))
    return "lower" if lower else "higher"


def speed(cells: Iterable[Cell]) -> float | None:
    """Seconds of audio embedded per second inside the module, over several cells."""
    costs = [cell.cost for cell in cells if cell.cost]
    seconds = sum(cost.model_seconds for cost in costs)
    return sum(cost.audio_seconds for cost in costs) / seconds if seconds else None


def peak_memory(cells: Iterable[Cell]) -> int | None:
    """The largest of several cells' peak memory, bytes; None where none was measured."""
    peaks = [cell.cost.peak_memory_bytes for cell in cells if cell.cost]
    return max((peak for peak in peaks if peak is not None), default=None)
