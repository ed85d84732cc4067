"""``leaderboard_long.csv``: a row per model and task, with all that is known of where it is from.

``COLUMNS`` is its schema; ``results/README.md`` repeats it for readers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmark.report.published import PublishedScore, published_label
from benchmark.report.standings import Leaderboard, Standing
from benchmark.results.cells import Cell, ModuleFacts, TaskFacts, peak_memory, speed
from msssl_common.csv_tables import csv_table

COLUMNS = {
    "label": "row of the tables",
    "source": "run, or published for what is copied from the public HEAR leaderboard",
    "task": "folder name of the task",
    "family": "scene, event or pitch; unknown if the task cannot be read",
    "score": "name of the task's first score",
    "better": "higher or lower",
    "status": "ok, failed or not run",
    "reason": "why it failed, one sentence",
    "value": "the score, mean over folds and seeds",
    "low": "lower bound of its 95 % interval over test clips",
    "high": "upper bound",
    "rank_first": "best rank that the tests of all pairs leave open, among rows with predictions",
    "rank_last": "worst such rank",
    "std_folds": "standard deviation (ddof 1) over folds, of each fold's mean over seeds",
    "std_seeds": "standard deviation (ddof 1) over seeds, of each seed's mean over folds",
    "note": "what must be said of the row or, if published, of the score",
    "notice": "what the task's author wants said beside its scores, e.g. that it is synthetic",
    "module": "import name of the HEAR module",
    "checkpoint": "path or name given to its load_model; empty for its default",
    "distribution": "name and version of the installed distribution that it is from, if any",
    "weights_hash": "SHA-256 of the model's parameters and buffers",
    "module_hash": "SHA-256 of weights, code, checkpoint, sample rate and embedding sizes",
    "task_hash": "SHA-256 of the task's metadata, labels and audio at the module's sample rate",
    "protocol": "version of heads and scores",
    "mode": "exact or fast, as in scores.csv",
    "rules": "published or strict, as in scores.csv",
    "grid": "grid of the heads: default (HEAR's published protocol), fast or faster",
    "grid_points": "points of the grid that were tried, at most",
    "limit": "clips of each split that were used, at most; empty for all",
    "probe": "what reads the embeddings: mlp (HEAR's head), linear or knn; the last two have no "
    "grid and no mode",
    "shots": "clips of each class to train on, and as many to validate on; empty for all",
    "seeds": "seeds of the heads",
    "embedding_dtype": "type in which embeddings were kept: float32 or float16",
    "embedding_size": "numbers in one embedding of this task",
    "parameters": "number of the model's parameters",
    "audio_seconds_per_second": "seconds of audio embedded per second inside the module",
    "peak_memory_bytes": "size of the model and of what embedding took beside it, at the peak",
    "predictions_hash": "SHA-256 of the predictions files, one per seed",
    "device": "torch device of the module",
    "versions": "of Python and the packages that decide numbers",
    "machine": "on which it was made",
    "date": "UTC, when the last of its cells was finished",
    "command": "command line that made it",
    "url": "where a published model's code or paper is",
    "submitted": "when it was submitted: HEAR 2021 for the challenge, or a date",
}


def long_csv(standings: Leaderboard) -> str:
    """`long_rows` as CSV."""
    return csv_table(list(COLUMNS), long_rows(standings))


def long_rows(standings: Leaderboard) -> Iterator[dict[str, object]]:
    """Rows run here, best first, then published ones, each task by task; keys are `COLUMNS`."""
    for module in standings.board.modules:
        for task in standings.board.tasks:
            standing = standings.standings[module.label, task.task]
            about = _source(module, task, standing.entry.cells)
            yield {**_score(standing), **about, "note": _note(module, standing)}
    for task in standings.board.tasks:
        yield from _published(task, standings.published[task.task])


def _score(standing: Standing) -> dict[str, object]:
    entry, ranks, interval = standing.entry, standing.ranks, standing.interval
    name = entry.task.score
    if entry.reason:
        return (
            {"status": "not run"}
            if entry.not_run
            else {
                "status": "failed",
                "reason": entry.reason,
            }
        )
    known = interval is not None and not math.isnan(interval.low)
    return {
        "status": "ok",
        "value": entry.primary,
        "low": interval.low if interval and known else None,
        "high": interval.high if interval and known else None,
        "rank_first": ranks.first if ranks else None,
        "rank_last": ranks.last if ranks else None,
        "std_folds": entry.std_folds(name),
        "std_seeds": entry.std_seeds(name),
    }


def _note(module: ModuleFacts, standing: Standing) -> str:
    """What is said of the row; of the score; and of what selected the heads."""
    folds = [fold for cell in standing.entry.cells for fold in cell.folds]
    chosen = dict.fromkeys(fold.selected_by for fold in folds if fold.selected_by)
    heads = [f"heads are selected by {text}" for text in chosen]
    return "; ".join(text for text in (module.note, standing.remark, *heads) if text)


def _source(module: ModuleFacts, task: TaskFacts, cells: Sequence[Cell]) -> dict[str, object]:
    """What was run, how, on what and where."""
    first = cells[0]
    sizes = {cell.cost.embedding_size for cell in cells if cell.cost}
    return {
        "label": module.label,
        "source": "run",
        **_task(task),
        "module": module.module,
        "checkpoint": module.checkpoint,
        "distribution": module.distribution,
        "weights_hash": module.weights_hash,
        "module_hash": module.module_hash,
        "task_hash": first.task_hash,
        "protocol": first.protocol.version,
        "mode": first.protocol.mode,
        "rules": first.protocol.rules,
        "grid": first.protocol.grid,
        "grid_points": first.protocol.grid_points,
        "limit": first.protocol.limit,
        "probe": first.protocol.probe,
        "shots": first.protocol.shots,
        "seeds": " ".join(str(cell.protocol.seed) for cell in cells),
        "embedding_dtype": first.embedding_dtype,
        "embedding_size": next(iter(sizes), None),
        "parameters": module.parameters,
        "audio_seconds_per_second": speed(cells),
        "peak_memory_bytes": peak_memory(cells),
        "predictions_hash": " ".join(cell.predictions_hash for cell in cells).strip(),
        "device": first.device,
        "versions": _each_once(cell.versions for cell in cells),
        "machine": _each_once(cell.machine for cell in cells),
        "date": max(cell.date for cell in cells),
        "command": _each_once(cell.command for cell in cells),
    }


def _published(task: TaskFacts, scores: Sequence[PublishedScore]) -> Iterator[dict[str, object]]:
    for score in scores:
        yield {
            "label": published_label(score.model),
            "source": "published",
            **_task(task),
            "status": "ok",
            "value": score.value,
            "note": score.note,
            "url": score.url,
            "submitted": score.submitted,
        }


def _task(task: TaskFacts) -> dict[str, object]:
    return {
        "task": task.task,
        "family": task.family,
        "score": task.score,
        "better": task.better,
        "notice": task.notice,
    }


def _each_once(texts: Iterator[str]) -> str:
    return " | ".join(dict.fromkeys(text for text in texts if text))
