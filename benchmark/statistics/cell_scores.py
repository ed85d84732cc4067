"""From the kept predictions of a cell to what the bootstrap needs."""

from __future__ import annotations

from dataclasses import replace

from benchmark.protocol import Rules
from benchmark.results.predictions import Predictions, ScenePredictions
from benchmark.scores.accuracy import CHROMAS, midi_numbers
from benchmark.statistics.event_scores import event_fold_score
from benchmark.statistics.fold_score import FoldScore
from benchmark.statistics.scene_scores import scene_fold_score
from benchmark.statistics.undefined import undefined_remark


def cell_fold_scores(predictions: Predictions, score: str, rules: Rules) -> list[FoldScore]:
    """The score called ``score`` of every test split of a cell, for `bootstrap_task`.

    Args:
        predictions: Of the cell.
        score: Name of one of the task's scores.
        rules: Of the cell's protocol; strict rules count octaves in MIDI numbers.

    Raises:
        ValueError: The task has no such score, a prediction is NaN, or the rules are strict, the
            score is chroma_acc and a label is no MIDI number.
    """
    strict_chroma = score == "chroma_acc" and rules == "strict"
    chroma = midi_numbers(predictions.vocabulary) % CHROMAS if strict_chroma else None
    found = []
    for fold in predictions.folds:
        if isinstance(fold, ScenePredictions):
            scored = scene_fold_score(score, fold.clips, fold.probabilities, fold.targets, chroma)
        else:
            scored = event_fold_score(score, fold.clips, fold.reference, fold.predicted)
        found.append(replace(scored, remark=undefined_remark(score, fold)))
    return found
