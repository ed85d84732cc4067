"""From the outcome of a task to the predictions that are kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmark.embeddings.splits import EventSplit
from benchmark.events.table import event_table
from benchmark.heads.result import TaskResult
from benchmark.heads.rows import Split
from benchmark.predictions import EventPredictions, Predictions, ScenePredictions


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
