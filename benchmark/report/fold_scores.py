"""The first score of a table's entry from its predictions, and what must be said of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.report.merged_cells import CellFile
from benchmark.results.cell_files import predictions_path
from benchmark.results.cells import Cell
from benchmark.results.predictions import load_predictions
from benchmark.results.verified import predictions_damage
from benchmark.statistics import FoldScore, cell_fold_scores


def entry_fold_scores(files: Sequence[CellFile]) -> list[FoldScore]:
    """The first score of one module on one task, of every test split.

    Of several seeds it is the mean over seeds on the same drawn clips, so that the interval is
    that of the number in the table. It says what other clips would do; what other seeds would do,
    the deviation over seeds says.

    Args:
        files: The entry's finished cells, one per seed.

    Raises:
        ValueError, OSError: A cell's predictions are absent, damaged, or of another cell.
    """
    in_order = sorted(files, key=lambda file: file.cell.protocol.seed)
    seeds = [_cell_fold_scores(path, cell) for path, cell in in_order]
    if len(seeds) == 1:
        return seeds[0]
    clips = [[fold.clips for fold in folds] for folds in seeds]
    if any(of_seed != clips[0] for of_seed in clips):
        raise ValueError(f"{files[0][0].name} and its other seeds were not tested on equal clips.")
    return [mean_over_seeds(folds) for folds in zip(*seeds, strict=True)]


def _cell_fold_scores(path: Path, cell: Cell) -> list[FoldScore]:
    if wrong := predictions_damage(path, cell):
        raise ValueError(wrong)
    predictions = load_predictions(predictions_path(path))
    return cell_fold_scores(predictions, cell.task.score, cell.protocol.rules)


def mean_over_seeds(folds: Sequence[FoldScore]) -> FoldScore:
    """The mean of scores of the same clips, those of heads that differ in their seed."""

    def score(counts: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(np.mean([fold.score(counts) for fold in folds], axis=0))

    remarks = dict.fromkeys(fold.remark for fold in folds if fold.remark)
    return FoldScore(folds[0].clips, score, "; ".join(remarks))


def score_remark(folds: Sequence[FoldScore]) -> str:
    """What must be said of one score that is undefined, or that a rule made; mostly nothing."""
    found = list(dict.fromkeys(fold.remark for fold in folds if fold.remark))
    undefined = [math.isnan(fold.value) for fold in folds if fold.remark]
    if any(undefined) and len(undefined) < len(folds):
        found.append("the mean over folds leaves undefined ones out, as hear-eval-kit does")
    return "; ".join(found)


def score_remarks(task: str, remarks: Mapping[str, str]) -> list[str]:
    """The same of all rows of a task, a sentence each; those that all have are about the task.

    Args:
        task: Folder name of the task.
        remarks: By row label.
    """
    rows: dict[str, list[str]] = {}
    for label, remark in remarks.items():
        if remark:
            rows.setdefault(remark, []).append(label)
    return [
        f"{task}: {remark}."
        if len(labels) == len(remarks)
        else f"{', '.join(labels)} on {task}: {remark}."
        for remark, labels in rows.items()
    ]
