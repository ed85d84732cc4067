"""Results of a run: one cell per module and task, kept as JSON, and ``scores.csv`` in long form.

A results folder holds ``cells/*.json`` (one per finished or failed cell, written as it finishes),
``scores.csv``, ``leaderboard.csv`` and ``leaderboard.md``. ``COLUMNS`` documents ``scores.csv``;
``results/README.md`` repeats it for readers.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np

from benchmark.atomic_file import write_text
from benchmark.scores import MINIMISED

SCHEMA = 1  # of a cell's JSON
PROTOCOL = 1  # raised when heads or scores change so that old cells must be made again

COLUMNS = {
    "label": "row of the tables",
    "module": "import name of the HEAR module",
    "checkpoint": "path or name given to its load_model; empty for its default",
    "weights_hash": "SHA-256 of the model's parameters and buffers",
    "module_hash": "SHA-256 of weights, code, checkpoint, sample rate and embedding sizes",
    "task": "folder name of the task",
    "family": "scene, event or pitch; unknown if the task cannot be read",
    "task_hash": "SHA-256 of the task's metadata, labels and audio at the module's sample rate",
    "notice": "what the task's author wants said beside its scores, e.g. that it is synthetic",
    "protocol": "version of heads and scores",
    "grid": "grid of the heads: default (HEAR's published protocol), fast or faster",
    "seed": "seed of the heads",
    "status": "ok or failed",
    "reason": "why the cell failed, one sentence",
    "fold": "split that was tested; mean for the mean over folds (or the only split)",
    "score": "name of the score, as in the task's metadata; test_loss for the heads' loss",
    "value": "the score",
    "std": "standard deviation over folds (ddof 1), on mean rows of k-fold tasks",
    "is_primary": "true for the task's first score, the one in the leaderboard",
    "better": "higher or lower",
    "epoch": "best epoch of the chosen heads, from 0; mean over folds on mean rows",
    "validation_score": "selection score of the chosen heads; mean over folds on mean rows",
    "sample_rate": "Hz, of the module",
    "embedding_size": "numbers in one embedding of this task",
    "parameters": "number of the model's parameters",
    "clips": "clips in all splits of the task",
    "audio_seconds": "their length together",
    "embedding_seconds": "wall time of embedding the task, when that was done",
    "audio_seconds_per_second": "audio_seconds by the time spent inside the module",
    "head_seconds": "wall time of training and testing all heads",
    "device": "torch device of the module",
    "versions": "of Python and the packages that decide numbers",
    "machine": "processor architecture, operating system and cores",
    "date": "UTC, when the cell was finished",
}


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
    """What a results column says about its task; of an unreadable task, its folder's name."""

    task: str
    family: str = "unknown"
    score: str = ""
    notice: str | None = None
    folds: int = 1

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Which direction of the primary score is better."""
        return better(self.score)


@dataclass(frozen=True)
class Protocol:
    """How heads were trained: two cells compare only under equal protocols."""

    grid: str
    seed: int
    version: int = PROTOCOL


@dataclass(frozen=True)
class FoldScores:
    """Scores of one test split."""

    fold: str
    scores: dict[str, float]
    validation_score: float
    epoch: int


@dataclass(frozen=True)
class Cost:
    """What a cell cost; see ``COLUMNS``."""

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
    return out / "cells" / f"{name}__{task}__{protocol.grid}-{protocol.seed}.json"


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


def write_scores(path: Path, cells: Iterable[Cell]) -> None:
    """Write ``scores.csv``: a row per module, task, score and fold, and their means."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    for cell in cells:
        writer.writerows(_rows(cell))
    write_text(path, text.getvalue())


def _rows(cell: Cell) -> Iterator[dict[str, object]]:
    common = _common_columns(cell)
    if cell.reason:
        yield common
        return
    for fold in cell.folds if len(cell.folds) > 1 else []:
        for score, value in fold.scores.items():
            yield {
                **common,
                **_score_columns(cell, score),
                "fold": fold.fold,
                "value": value,
                "epoch": fold.epoch,
                "validation_score": fold.validation_score,
            }
    for score in cell.folds[0].scores:
        yield {
            **common,
            **_score_columns(cell, score),
            "fold": "mean",
            "value": cell.mean(score),
            "std": cell.std(score),
            "epoch": fmean(fold.epoch for fold in cell.folds),
            "validation_score": fmean(fold.validation_score for fold in cell.folds),
        }


def _score_columns(cell: Cell, score: str) -> dict[str, object]:
    is_primary = "true" if score == cell.task.score else "false"
    return {"score": score, "is_primary": is_primary, "better": better(score)}


def _common_columns(cell: Cell) -> dict[str, object]:
    module, task = asdict(cell.module), asdict(cell.task)
    columns: dict[str, object] = {
        **{name: module[name] for name in module if name in COLUMNS},
        **{name: task[name] for name in ("task", "family", "notice")},
        "task_hash": cell.task_hash,
        "protocol": cell.protocol.version,
        "grid": cell.protocol.grid,
        "seed": cell.protocol.seed,
        "status": "failed" if cell.reason else "ok",
        "reason": cell.reason,
        "device": cell.device,
        "versions": cell.versions,
        "machine": cell.machine,
        "date": cell.date,
    }
    if cell.cost:
        cost = asdict(cell.cost)
        columns.update({name: cost[name] for name in cost if name in COLUMNS})
        columns["audio_seconds_per_second"] = speed([cell])
    return columns


def speed(cells: Iterable[Cell]) -> float | None:
    """Seconds of audio embedded per second inside the module, over several cells."""
    costs = [cell.cost for cell in cells if cell.cost]
    seconds = sum(cost.model_seconds for cost in costs)
    return sum(cost.audio_seconds for cost in costs) / seconds if seconds else None
