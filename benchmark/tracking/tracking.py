"""A tracker that does no harm to the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from benchmark.results import Cell
from benchmark.tracking.mlflow_runs import MlflowRuns
from benchmark.tracking.record import Record, record_of
from benchmark.tracking.wandb_runs import WandbRuns

TrackerName = Literal["mlflow", "wandb"]
Warn = Callable[[str], None]  # takes one line


class Tracker(Protocol):
    """What takes cells and tables."""

    def cell(self, record: Record) -> None:
        """Log a finished cell, once."""

    def tables(self, title: str, files: Sequence[Path]) -> None:
        """Log the tables of a results folder, as a run of their own."""


class Tracking:
    """Passes cells and tables on, until the tracker first fails: then it warns and lets be.

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
        except Exception as error:  # of somebody else's server or client
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._tracker = None
        said = " ".join(str(error).split())
        self._warn(
            f"Warning: --tracker {self._name} failed ({type(error).__name__}: {said[:300]}); the "
            "run goes on without it."
        )
