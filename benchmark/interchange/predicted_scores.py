"""``test.predicted-scores.json``: a task's result in hear-eval-kit's words.

Source: heareval.predictions.task_predictions.task_predictions, aggregate_test_results and
hparams_to_json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmark.heads.result import FoldResult, TaskResult

FILE_NAME: Final = "test.predicted-scores.json"
OURS: Final = "msbench"  # the one key that upstream does not write

# One value each in every grid of upstream's; here they are part of the model.
FIXED_HPARAMS: Final[Mapping[str, object]] = {
    "embedding_norm": "<class 'torch.nn.modules.linear.Identity'>",
    "hidden_norm": "<class 'torch.nn.modules.batchnorm.BatchNorm1d'>",
    "norm_after_activation": False,
    "optim": "<class 'torch.optim.adam.Adam'>",
}


def predicted_scores(
    result: TaskResult, embedding_path: str, ours: Mapping[str, object]
) -> dict[str, Any]:
    """Upstream's keys in upstream's order, and ours at the end.

    Args:
        result: Of `benchmark.heads.evaluate_task`.
        embedding_path: The folder of the embeddings, as it was given.
        ours: What upstream's file does not tell: protocol, embeddings, versions, machine. The
            choices of every fold are added; upstream tells the first fold's only.
    """
    folds = {fold.test_split: _fold_scores(fold, result.score_name) for fold in result.folds}
    aggregated = {"aggregated_scores": _over_folds(folds)} if len(folds) > 1 else {}
    return {
        **folds,
        **aggregated,
        **_choices(result.folds[0]),
        # Of the watched number, which is not always a score.
        "score_mode": "min" if result.monitored == "loss" else result.score_mode,
        "embedding_path": embedding_path,
        OURS: {**ours, "folds": {fold.test_split: _choices(fold) for fold in result.folds}},
    }


def _fold_scores(fold: FoldResult, score_name: str) -> dict[str, float]:
    scores = dict(fold.scores)
    return {
        "test_loss": scores.pop("test_loss"),
        "test_score": scores[score_name],
        **{f"test_{name}": value for name, value in scores.items()},
        "validation_score": fold.validation_score,
        "epoch": fold.epoch,
        "time_in_min": fold.seconds / 60,
    }


def _choices(fold: FoldResult) -> dict[str, object]:
    return {
        "hparams": _hparams(fold.hyperparameters),
        "postprocessing": [list(pair) for pair in fold.postprocessing],
    }


def _over_folds(folds: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Mean and standard deviation (ddof 1) of every number; NaN folds are left out by pandas."""
    table = pd.DataFrame(list(folds.values()))
    with np.errstate(invalid="ignore"):  # infinite scores have no deviation
        means, stds = table.mean(), table.std()
    aggregated: dict[str, float] = {}
    for (name, mean), std in zip(means.items(), stds, strict=True):
        aggregated |= {f"{name}_mean": float(mean), f"{name}_std": float(std)}
    return aggregated


def _hparams(hyperparameters: Mapping[str, int | float | str]) -> dict[str, object]:
    named = {**hyperparameters, **FIXED_HPARAMS}
    # Upstream's text ends with an address in memory, by which no two files would be equal.
    named["initialization"] = f"<function {hyperparameters['initialization']}>"
    return dict(sorted(named.items()))
