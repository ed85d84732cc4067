"""``msbench run --tracker``: log finished cells as runs of MLflow or Weights & Biases.

A cell's parameters, metrics and file are logged. A tracker that fails does not stop the run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal
from typing import Protocol as TypingProtocol

from benchmark.protocol import Protocol
from benchmark.results.cells import Cell, speed

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
        if (value := getattr(cell.protocol, field.name)) is not None:
            yield name, value
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


ID = 16  # characters of a cell's identity that make a run's id


class WandbRuns:
    """Runs of the project ``msbench``.

    They stay in the folder ``wandb`` until ``wandb sync`` sends them, unless ``WANDB_MODE`` says
    otherwise: nothing leaves the machine unasked, and no login is waited for.
    """

    def __init__(self) -> None:
        """Import the client.

        Raises:
            ImportError: It is not installed.
        """
        import wandb

        self._wandb = wandb
        self._mode = os.environ.get("WANDB_MODE", "offline")

    def cell(self, record: Record) -> None:
        """Log a finished cell, once: a run's id, which its folder ends with, is the cell's."""
        run_id = record.identity[:ID]
        if any((Path(os.environ.get("WANDB_DIR", ".")) / "wandb").glob(f"*run-*-{run_id}")):
            return
        run = self._start(record.name, "cell", id=run_id, config=record.parameters)
        run.log(record.metrics)
        self._log_files(run, "cell", [record.file])
        run.finish()

    def tables(self, title: str, files: Sequence[Path]) -> None:
        """Log the tables of a results folder, as a run of their own."""
        run = self._start(title, "leaderboard")
        self._log_files(run, "leaderboard", files)
        run.finish()

    def _start(self, name: str, kind: str, **more: object) -> Any:  # noqa: ANN401
        return self._wandb.init(project=PROJECT, name=name, job_type=kind, mode=self._mode, **more)

    def _log_files(self, run: Any, kind: str, files: Sequence[Path]) -> None:  # noqa: ANN401
        artifact = self._wandb.Artifact(f"{kind}-{run.id}", type=kind)
        for file in files:
            artifact.add_file(str(file))
        run.log_artifact(artifact)


STORE = "mlruns"  # in the current folder: where `mlflow ui` of all versions looks
CELL = "msbench.cell"  # tag with a cell's identity
FILE_STORE_ALLOWED = "MLFLOW_ALLOW_FILE_STORE"  # MLflow refuses file stores without, since 3.7


class MlflowRuns:
    """Runs of the experiment ``msbench``.

    They go where ``MLFLOW_TRACKING_URI`` says, or else to files in ``mlruns``, which need no server
    and no database.
    """

    def __init__(self) -> None:
        """Find or make the experiment.

        Raises:
            ImportError: MLflow is not installed.
            Exception: Whatever MLflow raises where the store cannot be reached.
        """
        from mlflow import MlflowClient

        uri = os.environ.get("MLFLOW_TRACKING_URI")
        if not uri:
            uri = Path(STORE).resolve().as_uri()
            os.environ.setdefault(FILE_STORE_ALLOWED, "true")
        self._client = MlflowClient(tracking_uri=uri)
        found = self._client.get_experiment_by_name(PROJECT)
        self._experiment = found.experiment_id if found else self._client.create_experiment(PROJECT)

    def cell(self, record: Record) -> None:
        """Log a finished cell, once."""
        logged = f"tags.`{CELL}` = '{record.identity}'"
        if self._client.search_runs([self._experiment], logged, max_results=1):
            return
        run = self._start(record.name, {CELL: record.identity})
        for name, text in record.parameters.items():
            self._client.log_param(run, name, text)
        for name, value in record.metrics.items():
            self._client.log_metric(run, name, value)
        self._client.log_artifact(run, str(record.file))
        self._client.set_terminated(run)

    def tables(self, title: str, files: Sequence[Path]) -> None:
        """Log the tables of a results folder, as a run of their own."""
        run = self._start(title, {})
        for file in files:
            self._client.log_artifact(run, str(file))
        self._client.set_terminated(run)

    def _start(self, name: str, tags: dict[str, str]) -> str:
        run = self._client.create_run(self._experiment, run_name=name, tags=tags)
        return str(run.info.run_id)


TrackerName = Literal["mlflow", "wandb"]
Warn = Callable[[str], None]  # takes one line


class Tracker(TypingProtocol):
    """What takes cells and tables."""

    def cell(self, record: Record) -> None:
        """Log a finished cell, once."""

    def tables(self, title: str, files: Sequence[Path]) -> None:
        """Log the tables of a results folder, as a run of their own."""


class Tracking:
    """Passes cells and tables on, until the tracker first fails; then it warns once and stops.

    A server that is not there may take minutes to say so; it is not asked again for every cell.
    """

    def __init__(self, name: TrackerName, warn: Warn) -> None:
        """Open a tracker.

        Args:
            name: Which one.
            warn: Takes one line where it fails.

        Raises:
            ValueError: It is not installed.
        """
        self._name = name
        self._warn = warn
        self._tracker: Tracker | None = None
        try:
            self._tracker = MlflowRuns() if name == "mlflow" else WandbRuns()
        except ImportError as error:
            raise ValueError(
                f"--tracker {name} cannot be used ({error}): pip install 'msssl-hear[{name}]'."
            ) from error
        except Exception as error:
            self._failed(error)

    def cell(self, path: Path, cell: Cell) -> None:
        """Log a cell if it is finished; failed ones are tried again by the next run.

        Args:
            path: Its file.
            cell: The cell.
        """
        if cell.reason is None:
            self._do(lambda tracker: tracker.cell(record_of(path, cell)))

    def tables(self, folder: Path, names: Sequence[str]) -> None:
        """Log the tables that a run has written.

        Args:
            folder: Results folder.
            names: Of the files.
        """
        title = f"leaderboard of {folder.resolve().name}"
        self._do(lambda tracker: tracker.tables(title, [folder / name for name in names]))

    def _do(self, log: Callable[[Tracker], None]) -> None:
        if self._tracker is None:
            return
        try:
            log(self._tracker)
        except Exception as error:  # of a server or client that is not ours
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._tracker = None
        said = " ".join(str(error).split())
        self._warn(
            f"Warning: --tracker {self._name} failed ({type(error).__name__}: {said[:300]}); the "
            "run continues without it."
        )
