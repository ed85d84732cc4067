"""Train and score the heads of one cell, from embeddings to the cell as it is saved."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from benchmark.embeddings.cache import CacheEntry, describe, entry_folder, read_about
from benchmark.embeddings.embed import TaskEmbeddings
from benchmark.embeddings.splits import EventSplit
from benchmark.events.table import event_table
from benchmark.heads.evaluate import evaluate_task
from benchmark.heads.probes.evaluate import evaluate_probe
from benchmark.heads.result import TaskResult
from benchmark.heads.rows import Split
from benchmark.heads.saved_heads import heads_folder
from benchmark.results.cells import Cell, Cost, FoldScores
from benchmark.results.predictions import (
    EventPredictions,
    Predictions,
    ScenePredictions,
    predictions_file,
)
from benchmark.runner.provenance import machine, versions
from benchmark.tasks.task import Task


class EvaluatedCell(NamedTuple):
    """A cell with its scores.

    Attributes:
        cell: The cell.
        predictions: Bytes of its predictions file.
        inputs: SHA-256, by path, of files that the module read while it embedded.
    """

    cell: Cell
    predictions: bytes
    inputs: dict[str, str]


def evaluate_cell(
    task: Task,
    embedded: TaskEmbeddings,
    blank: Cell,
    advance: Callable[[int, int], None] | None = None,
) -> EvaluatedCell:
    """Train and score the heads of a cell. They are kept, for a run that is stopped here.

    Args:
        task: The task.
        embedded: Its embeddings.
        blank: The unfinished cell, with all hashes.
        advance: Takes the progress of the trainings.
    """
    started = time.perf_counter()
    saved = cell_heads_folder(blank)
    describe_heads(blank)
    if blank.protocol.probe == "mlp":
        result = evaluate_task(task, embedded.splits, blank.protocol, advance, saved, blank.device)
    else:
        result = evaluate_probe(task, embedded.splits, blank.protocol, advance)
    seconds = time.perf_counter() - started
    predictions = predictions_file(task_predictions(result, embedded.splits, task.vocabulary))
    cell = replace(
        blank,
        folds=_fold_scores(result),
        cost=_cost(task, embedded, blank, seconds),
        predictions_hash=hashlib.sha256(predictions).hexdigest(),
        degenerate=embedded.degenerate,
    )
    return EvaluatedCell(stamped(cell), predictions, embedded.inputs)


def cache_entry(cell: Cell) -> CacheEntry:
    """Where a cell's embeddings are kept; made, if it is new."""
    about = {"module": cell.module.spec, "task": cell.task.task}
    return CacheEntry.of(cell.module.module_hash, cell.task_hash, about, cell.embedding_dtype)


def stored_entry(cell: Cell) -> CacheEntry:
    """Where a cell's embeddings are or would be; nothing is made."""
    return CacheEntry(_embeddings_folder(cell), cell.embedding_dtype)  # type: ignore[arg-type]


def cell_heads_folder(cell: Cell) -> Path:
    """Where the heads of an unfinished cell are kept.

    The embeddings' key stands for module, task, labels and type.
    """
    return heads_folder(_embeddings_folder(cell).name, cell.protocol, cell.device)


def describe_heads(cell: Cell) -> None:
    """Say whose heads a cell's folder has, for ``msbench cache ls``.

    Another run that finished the same cell may remove the folder at the same time.
    """
    with suppress(FileNotFoundError, FileExistsError):
        describe(cell_heads_folder(cell), read_about(_embeddings_folder(cell)))


def stamped(cell: Cell) -> Cell:
    """A cell with the time, versions and machine of this moment."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return replace(cell, date=now, versions=versions(), machine=machine(cell.device))


def _embeddings_folder(cell: Cell) -> Path:
    """Where the embeddings of a cell are, or were."""
    return entry_folder(cell.module.module_hash, cell.task_hash, cell.embedding_dtype)


def task_predictions(
    result: TaskResult, splits: Mapping[str, Split], vocabulary: Sequence[str]
) -> Predictions:
    """What a task's heads predicted, beside the labels of its test splits."""
    scenes: list[ScenePredictions] = []
    events: list[EventPredictions] = []
    for fold in result.folds:
        name, clips, split = fold.test_split, fold.clips, splits[fold.test_split]
        if not isinstance(fold.predictions, dict):
            scenes.append(ScenePredictions(name, clips, fold.predictions, split.targets))
        elif isinstance(split, EventSplit):
            predicted = event_table(fold.predictions, clips, vocabulary)
            reference = event_table(split.events, clips, vocabulary)
            events.append(EventPredictions(name, clips, predicted, reference))
    return Predictions(tuple(vocabulary), tuple(events) if events else tuple(scenes))


def _fold_scores(result: TaskResult) -> list[FoldScores]:
    return [
        FoldScores(
            fold=fold.test_split,
            scores=dict(fold.scores),
            validation_score=fold.validation_score,
            epoch=fold.epoch,
            hyperparameters=dict(fold.hyperparameters),
            postprocessing=dict(fold.postprocessing),
            validation_curve=[[epoch, score] for epoch, score in fold.validation_curve],
            selected_by=fold.selected_by,
            steps=fold.steps,
        )
        for fold in result.folds
    ]


def _cost(task: Task, embedded: TaskEmbeddings, cell: Cell, head_seconds: float) -> Cost:
    module = cell.module
    scene = task.embedding_type == "scene"
    size = module.scene_embedding_size if scene else module.timestamp_embedding_size
    return Cost(
        embedding_size=size or 0,
        clips=embedded.clips,
        audio_seconds=embedded.audio_seconds,
        embedding_seconds=embedded.seconds,
        model_seconds=embedded.model_seconds,
        embedding_cached=embedded.cached,
        head_seconds=head_seconds,
        peak_memory_bytes=embedded.peak_memory_bytes,
    )
