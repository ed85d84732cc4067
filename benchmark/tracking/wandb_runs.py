"""Cells as runs of Weights & Biases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.tracking.record import PROJECT, Record

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
