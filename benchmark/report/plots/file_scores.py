"""Scores of single test files of an event task, and which files are best and worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmark.events.table import EventTable
from benchmark.results.cells import better
from benchmark.results.predictions import EventPredictions, Predictions
from benchmark.statistics.event_scores import event_counts, segment_counts


class FileEvents(NamedTuple):
    """One test file.

    Attributes:
        fold: Its split.
        clip: Its file name.
        score: The task's first score of this file alone.
        remark: The counts behind it.
        reference: Events of the labels.
        predicted: Events of the head.
    """

    fold: str
    clip: str
    score: float
    remark: str
    reference: EventTable
    predicted: EventTable


def best_and_worst(predictions: Predictions, score: str) -> list[FileEvents]:
    """The best file and the worst; one if there is no other, none if no file can be scored.

    Args:
        predictions: Of one model on an event task.
        score: The task's first score.
    """
    folds = [fold for fold in predictions.folds if isinstance(fold, EventPredictions)]
    files = [file for fold in folds for file in _files(fold, score)]
    sign = -1 if better(score) == "higher" else 1
    scored = [file for file in files if not math.isnan(file.score)]
    ordered = sorted(scored, key=lambda file: (sign * file.score, file.clip))
    return ordered if len(ordered) < 2 else [ordered[0], ordered[-1]]


def _files(fold: EventPredictions, score: str) -> Sequence[FileEvents]:
    count = len(fold.clips)
    if score == "segment_1s_er":
        found = [
            (_ratio(errors, seconds), f"{errors} wrong for {seconds} s of events")
            for errors, seconds in segment_counts(
                score, count, fold.reference, fold.predicted
            ).tolist()
        ]
    else:
        found = [
            (
                _ratio(2 * hits, predicted + reference),
                f"{hits} of {reference} events found, {predicted - hits} others predicted",
            )
            for hits, predicted, reference in event_counts(
                score, count, fold.reference, fold.predicted
            ).tolist()
        ]
    return [
        FileEvents(
            fold.fold,
            clip,
            *found[row],
            _of_clip(fold.reference, row),
            _of_clip(fold.predicted, row),
        )
        for row, clip in enumerate(fold.clips)
    ]


def _ratio(above: int, below: int) -> float:
    return above / below if below else math.nan


def _of_clip(table: EventTable, clip: int) -> EventTable:
    rows = np.flatnonzero(table.clip == clip)
    columns = (table.clip, table.label, table.onset_ms, table.offset_ms)
    return EventTable(*(column[rows] for column in columns))  # type: ignore[arg-type]
