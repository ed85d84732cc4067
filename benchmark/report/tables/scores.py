"""``scores.csv``: every score of every fold and seed of a run, in long form.

``COLUMNS`` is its schema; ``results/README.md`` repeats it for readers.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from benchmark.results.cells import Cell, FoldScores, better, speed
from benchmark.results.leaderboard import Entry, ResultTable
from benchmark.scores.averages import mean, std
from msssl_common.csv_tables import csv_table

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
    "mode": "how heads are trained: exact (hear-eval-kit's arithmetic) or fast (all together)",
    "rules": "published (faults kept that published numbers depend on) or strict (corrected)",
    "grid": "grid of the heads: default (HEAR's published protocol), fast or faster",
    "grid_points": "points of the grid that were tried, at most",
    "limit": "clips of each split that were used, at most; empty for all",
    "probe": "what reads the embeddings: mlp (HEAR's head), linear or knn; the last two have no "
    "grid and no mode",
    "shots": "clips of each class to train on, and as many to validate on; empty for all",
    "embedding_dtype": "type in which embeddings were kept: float32 or float16",
    "seed": "seed of the heads; mean for the mean over seeds, where there are several",
    "status": "ok or failed",
    "reason": "why the cell failed, one sentence",
    "fold": "split that was tested; mean for the mean over folds (or the only split)",
    "score": "name of the score, as in the task's metadata; test_loss for the heads' loss",
    "value": "the score",
    "std_folds": "standard deviation over folds (ddof 1), on mean rows of k-fold tasks; "
    "where seed is mean, of each fold's mean over seeds",
    "std_seeds": "standard deviation over seeds (ddof 1), on rows where seed is mean",
    "is_primary": "true for the task's first score, the one in the leaderboard",
    "better": "higher or lower",
    "epoch": "best epoch of the chosen heads, from 0; on mean rows their mean; 0 of probes without "
    "epochs",
    "validation_score": "selection score of the chosen heads; on mean rows their mean",
    "sample_rate": "Hz, of the module",
    "embedding_size": "numbers in one embedding of this task",
    "parameters": "number of the model's parameters",
    "clips": "clips in all splits of the task",
    "audio_seconds": "their length together",
    "embedding_seconds": "wall time of embedding the task, when that was done",
    "audio_seconds_per_second": "audio_seconds by the time spent inside the module",
    "peak_memory_bytes": "size of the model and of what embedding took beside it, at the peak; "
    "empty where that cannot be measured",
    "head_seconds": "wall time of training and testing all heads, after a stop of those that were "
    "left; on rows where seed is mean, of all seeds",
    "device": "torch device of the module",
    "versions": "of Python and the packages that decide numbers",
    "machine": "architecture, operating system, cores and processor or GPU; the type in which "
    "mode fast multiplies there",
    "date": "UTC, when the cell was finished",
}


def scores_csv(board: ResultTable) -> str:
    """A row per module, task, score, seed and fold, and their means; none of what was not run."""
    return csv_table(list(COLUMNS), _rows(board))


def _rows(board: ResultTable) -> Iterator[dict[str, object]]:
    for module in board.modules:
        for entry in board.row(module):
            if entry.not_run:
                continue
            for cell in entry.cells:
                yield from _cell_rows(cell)
            if len(entry.cells) > 1 and not entry.reason:
                yield from _seed_rows(entry)


def _cell_rows(cell: Cell) -> Iterator[dict[str, object]]:
    """Rows of one seed: every fold, then the means over folds."""
    common = _common_columns(cell)
    if cell.reason:
        yield common
        return
    for fold in cell.folds if len(cell.folds) > 1 else []:
        for score in fold.scores:
            yield {**common, **_score_columns(cell, score), **_fold_columns([fold], score)}
    entry = Entry((cell,))
    for score in cell.folds[0].scores:
        yield {**common, **_score_columns(cell, score), **_mean_columns(entry, score)}


def _seed_rows(entry: Entry) -> Iterator[dict[str, object]]:
    """Rows of the means over seeds: of every fold, then of the means over folds."""
    cell = entry.cells[0]
    seconds = sum(cell.cost.head_seconds for cell in entry.cells if cell.cost)
    common = {**_common_columns(cell), "seed": "mean", "head_seconds": seconds}
    for folds in zip(*(cell.folds for cell in entry.cells), strict=True):
        for score in folds[0].scores if len(cell.folds) > 1 else []:
            yield {**common, **_score_columns(cell, score), **_fold_columns(folds, score)}
    for score in cell.folds[0].scores:
        yield {**common, **_score_columns(cell, score), **_mean_columns(entry, score)}


def _fold_columns(seeds: Sequence[FoldScores], score: str) -> dict[str, object]:
    """One fold under one seed, or its mean over several."""
    values = [fold.scores[score] for fold in seeds]
    return {
        "fold": seeds[0].fold,
        "value": mean(values),
        "std_seeds": std(values) if len(values) > 1 else None,
        **_choice_columns(seeds),
    }


def _mean_columns(entry: Entry, score: str) -> dict[str, object]:
    """The mean over folds and seeds."""
    return {
        "fold": "mean",
        "value": entry.mean(score),
        "std_folds": entry.std_folds(score),
        "std_seeds": entry.std_seeds(score),
        **_choice_columns([fold for cell in entry.cells for fold in cell.folds]),
    }


def _choice_columns(folds: Sequence[FoldScores]) -> dict[str, object]:
    return {
        "epoch": statistics.mean(fold.epoch for fold in folds),
        "validation_score": mean(fold.validation_score for fold in folds),
    }


def _score_columns(cell: Cell, score: str) -> dict[str, object]:
    is_primary = "true" if score == cell.task.score else "false"
    return {"score": score, "is_primary": is_primary, "better": better(score)}


def _common_columns(cell: Cell) -> dict[str, object]:
    module, task, protocol = asdict(cell.module), asdict(cell.task), asdict(cell.protocol)
    columns: dict[str, object] = {
        **{name: module[name] for name in module if name in COLUMNS},
        **{name: task[name] for name in ("task", "family", "notice")},
        "task_hash": cell.task_hash,
        "protocol": protocol["version"],
        **{name: protocol[name] for name in protocol if name in COLUMNS},
        "embedding_dtype": cell.embedding_dtype,
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
