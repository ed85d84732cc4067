"""Scores of a trained head on its test split.

Source: heareval.predictions.task_predictions.task_predictions_test and AbstractPredictionModel.
"""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.embeddings import EventSplit
from benchmark.events.frames import clip_frames
from benchmark.events.postprocessing import Postprocessing, events_from_frames
from benchmark.events.table import Event, event_table, events_by_clip
from benchmark.heads.logged import as_logged
from benchmark.heads.model import predict_logits
from benchmark.heads.monitor import batched_probabilities
from benchmark.heads.outputs import head_loss
from benchmark.heads.result import FoldResult
from benchmark.heads.rows import Split, rows_of
from benchmark.heads.scene_scoring import task_scene_score
from benchmark.heads.trained_head import TrainedHead
from benchmark.protocol import Rules
from benchmark.scores import event_score
from benchmark.tasks.task import Task


def score_fold(task: Task, trained: TrainedHead, split: Split, rules: Rules) -> FoldResult:
    """Compute all of the task's scores, and keep what the head predicts for each clip."""
    rows = rows_of(task, [split])
    logits = predict_logits(trained.head, rows.embeddings, trained.point.batch_size)
    loss = head_loss(torch.cat(logits), rows.targets, task.prediction_type)
    probabilities = batched_probabilities(task, logits)
    predictions: NDArray[np.float32] | dict[str, list[Event]] = probabilities
    if isinstance(split, EventSplit):
        point = trained.postprocessing or Postprocessing()
        scores, predictions = event_scores(task, split, probabilities, point)
    else:
        scores = {
            name: task_scene_score(task, name, rules)(probabilities, split.targets)
            for name in task.evaluation
        }
    scores = {"test_loss": loss.item(), **scores}
    return FoldResult(
        test_split=split.name,
        scores={name: as_logged(name, score) for name, score in scores.items()},
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
    )


def event_scores(
    task: Task, split: EventSplit, probabilities: NDArray[np.float32], point: Postprocessing
) -> tuple[dict[str, float], dict[str, list[Event]]]:
    """Scores and sub-scores of the events in frame probabilities, and those events by clip."""
    frames = clip_frames(split.timestamps_ms, split.frames_per_clip, split.clips)
    reference = event_table(split.events, split.clips, task.vocabulary)
    predicted = events_from_frames(probabilities, frames, point)
    scores: dict[str, float] = {}
    for name in task.evaluation:
        parts = event_score(name)(reference, predicted)
        scores[name] = next(iter(parts.values()))
        scores |= {f"{name}_{part}": value for part, value in parts.items()}
    return scores, events_by_clip(predicted, split.clips, task.vocabulary)
