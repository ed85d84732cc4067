"""Test scores of a task: the trained head on each test split, and means over folds.

Source: heareval.predictions.task_predictions.task_predictions_test and AbstractPredictionModel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmark.embeddings.splits import EventSplit
from benchmark.events.frames import clip_frames
from benchmark.events.postprocessing import Postprocessing, events_from_frames
from benchmark.events.table import Event, event_table, events_by_clip
from benchmark.heads.head import predict_logits
from benchmark.heads.monitor import ScoreMode, batched_probabilities
from benchmark.heads.outputs import head_loss
from benchmark.heads.rows import Split, rows_of, targets_of
from benchmark.heads.trained_head import Curve, TrainedHead
from benchmark.protocol import Rules
from benchmark.scores import as_logged, event_score_parts, scene_score_under
from benchmark.scores.averages import mean_over_folds, std_over_folds
from benchmark.tasks.task import Task


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
        selected_by: What was watched in place of the task's first score, and why; mostly empty.
        steps: Optimiser steps of the head's training, up to its last validation; None of probes,
            which are fitted otherwise.
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
    selected_by: str = ""
    steps: int | None = None


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
    score_mode: ScoreMode
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


def score_fold(
    task: Task,
    trained: TrainedHead,
    split: Split,
    rules: Rules,
    selected_by: str = "",
    steps: int | None = None,
) -> FoldResult:
    """Compute all of the task's scores, and keep what the head predicts for each clip.

    Args:
        task: The task.
        trained: The head.
        split: The test split.
        rules: See `benchmark.heads.evaluate`.
        selected_by: As in `FoldResult`.
        steps: As in `FoldResult`.
    """
    rows = rows_of(task, [split])
    logits = predict_logits(trained.head, rows.embeddings, trained.point.batch_size)
    point = trained.postprocessing or Postprocessing()
    scores, predictions = score_logits(task, logits, split, point, rules)
    return FoldResult(
        test_split=split.name,
        scores=scores,
        validation_score=trained.score,
        epoch=trained.epoch,
        seconds=trained.seconds,
        hyperparameters=asdict(trained.point),
        postprocessing=(
            tuple(trained.postprocessing._asdict().items()) if trained.postprocessing else ()
        ),
        clips=split.clips,
        predictions=predictions,
        validation_curve=trained.curve,
        selected_by=selected_by,
        steps=steps,
    )


def score_logits(
    task: Task, logits: list[Tensor], split: Split, point: Postprocessing, rules: Rules
) -> tuple[dict[str, float], NDArray[np.float32] | dict[str, list[Event]]]:
    """All scores of a split as upstream logs them, and what is predicted for each clip.

    Args:
        task: The task.
        logits: Of all rows, in batches.
        split: The split.
        point: How frames become events.
        rules: See `benchmark.heads.evaluate`.
    """
    loss = head_loss(torch.cat(logits), targets_of(task, [split]), task.prediction_type)
    probabilities = batched_probabilities(task, logits)
    predictions: NDArray[np.float32] | dict[str, list[Event]] = probabilities
    if isinstance(split, EventSplit):
        scores, predictions = event_scores(task, split, probabilities, point)
    else:
        scores = {
            name: scene_score_under(name, rules, task.vocabulary)(probabilities, split.targets)
            for name in task.evaluation
        }
    scores = {"test_loss": loss.item(), **scores}
    return {name: as_logged(name, score) for name, score in scores.items()}, predictions


def event_scores(
    task: Task, split: EventSplit, probabilities: NDArray[np.float32], point: Postprocessing
) -> tuple[dict[str, float], dict[str, list[Event]]]:
    """Scores and sub-scores of the events in frame probabilities, and those events by clip."""
    frames = clip_frames(split.timestamps_ms, split.frames_per_clip, split.clips)
    reference = event_table(split.events, split.clips, task.vocabulary)
    predicted = events_from_frames(probabilities, frames, point)
    scores: dict[str, float] = {}
    for name in task.evaluation:
        scores |= event_score_parts(name, reference, predicted)
    return scores, events_by_clip(predicted, split.clips, task.vocabulary)
