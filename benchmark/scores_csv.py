"""``scores.csv``: every score of every fold of a run, in long form.

``COLUMNS`` is its schema; ``results/README.md`` repeats it for readers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from benchmark.atomic_file import write_text
from benchmark.results import Cell, better, speed

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
