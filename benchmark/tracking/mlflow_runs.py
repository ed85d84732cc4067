"""Cells as runs of MLflow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from benchmark.tracking.record import PROJECT, Record

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
