"""Test scores of a task, per fold and over folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.averages import mean_over_folds, std_over_folds
from benchmark.events.table import Event
from benchmark.heads.monitor import Mode
from benchmark.heads.trained_head import Curve


@dataclass(frozen=True)
class FoldResult:
    """Test of one trained head.

    Attributes:
        test_split: Split that was scored.
        scores: Every score by name, sub-scores as ``{score}_{part}`` (``_f_measure``,
            ``_precision``, ``_recall``, ``_error_rate``) and ``"test_loss"``, in the precision of
            upstream's log. With ``test_`` before a name these are upstream's keys.
        validation_score: Watched number at the best epoch.
        epoch: Best epoch, from 0.
        seconds: Wall time of the training.
        hyperparameters: Of the trained head.
        postprocessing: Its choice, ``(("median_filter_ms", 250), ...)``; empty for scene tasks.
        clips: Clips of the test split, in row order.
        predictions: Scene task: probabilities, float32, shape (clips, classes). Event task: the
            predicted events of each clip.
        validation_curve: Epoch and watched number of every validation of the head's training.
    """

    test_split: str
    scores: dict[str, float]
    validation_score: float
    epoch: int
    seconds: float
    hyperparameters: dict[str, int | float | str]
    postprocessing: tuple[tuple[str, float], ...]
    clips: tuple[str, ...]
    predictions: NDArray[np.float32] | dict[str, list[Event]]
    validation_curve: Curve = ()


@dataclass(frozen=True)
class TaskResult:
    """Outcome of a task.

    Attributes:
        folds: One entry per fold; one in all for train/valid/test.
        score_name: The task's first score, by which it is ranked.
        score_mode: Whether that score is better when larger ("max") or smaller ("min").
        monitored: What selected the head: ``score_name``, or ``"loss"`` for tasks that ask for it.
        grid_points: Number of grid points that were tried.
    """

    folds: list[FoldResult]
    score_name: str
    score_mode: Mode
    monitored: str
    grid_points: int

    @property
    def hyperparameters(self) -> dict[str, int | float | str]:
        """Of the first fold's head; under the published rules all folds share them."""
        return self.folds[0].hyperparameters

    @property
    def postprocessing(self) -> tuple[tuple[str, float], ...]:
        """Choice of the first fold's head; empty for scene tasks."""
        return self.folds[0].postprocessing

    @property
    def scores(self) -> dict[str, float]:
        """Mean over folds of every score; NaN folds are left out, as upstream's pandas does."""
        return {name: mean_over_folds(values) for name, values in self._values().items()}

    @property
    def stds(self) -> dict[str, float]:
        """Standard deviation over folds (ddof 1) of every score; NaN for a single fold."""
        return {name: std_over_folds(values) for name, values in self._values().items()}

    def _values(self) -> dict[str, list[float]]:
        return {name: [fold.scores[name] for fold in self.folds] for name in self.folds[0].scores}
