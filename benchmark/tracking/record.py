"""What is logged of a cell: parameters, metrics, a name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from benchmark.protocol import Protocol
from benchmark.results import Cell, speed

PROJECT = "msbench"  # MLflow's experiment, Weights & Biases' project


@dataclass(frozen=True)
class Record:
    """One run of a tracker.

    Attributes:
        name: E.g. ``"cola on esc50-v2.0.0-full, seed 42"``.
        identity: SHA-256 of the cell's file: a cell that an earlier run has logged is known by it.
        parameters: What the scores depend on, and where they were made; nothing is empty.
        metrics: Every score, mean over folds; where there are folds, also ``FOLD/SCORE``; costs.
        file: The cell's JSON.
    """

    name: str
    identity: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    file: Path


def record_of(path: Path, cell: Cell) -> Record:
    """The record of a finished cell.

    Args:
        path: Its file.
        cell: The cell.
    """
    return Record(
        name=f"{cell.module.label} on {cell.task.task}, seed {cell.protocol.seed}",
        identity=hashlib.sha256(path.read_bytes()).hexdigest(),
        parameters={name: text for name, value in _parameters(cell) if (text := str(value))},
        metrics=dict(_metrics(cell)),
        file=path,
    )


def _parameters(cell: Cell) -> Iterator[tuple[str, object]]:
    module, task = cell.module, cell.task
    yield "label", module.label
    yield from (("module", module.module), ("checkpoint", module.checkpoint))
    yield from (("distribution", module.distribution), ("module_hash", module.module_hash))
    yield from (("weights_hash", module.weights_hash), ("parameters", module.parameters))
    yield from (("task", task.task), ("family", task.family), ("task_hash", cell.task_hash))
    yield "score", task.score
    for field in fields(Protocol):
        name = "protocol" if field.name == "version" else field.name
        yield name, getattr(cell.protocol, field.name)
    yield from (("embedding_dtype", cell.embedding_dtype), ("device", cell.device))
    yield from (("versions", cell.versions), ("machine", cell.machine))
    yield from (("date", cell.date), ("command", cell.command))


def _metrics(cell: Cell) -> Iterator[tuple[str, float]]:
    for score in cell.folds[0].scores:
        yield score, cell.mean(score)
    if len(cell.folds) > 1:
        for fold in cell.folds:
            yield from ((f"{fold.fold}/{score}", value) for score, value in fold.scores.items())
    if cell.cost:
        yield "head_seconds", cell.cost.head_seconds
        yield "embedding_seconds", cell.cost.embedding_seconds
        if cell.cost.peak_memory_bytes is not None:
            yield "peak_memory_bytes", cell.cost.peak_memory_bytes
    if audio_speed := speed([cell]):
        yield "audio_seconds_per_second", audio_speed
