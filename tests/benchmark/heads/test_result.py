"""Means and deviations over folds, by hand."""

import math

import numpy as np
import pytest

from benchmark.heads.result import FoldResult, TaskResult


def task_result(*scores):
    folds = [
        FoldResult(f"fold{i}", s, 0.5, 3, 1.0, {}, (), ("a.wav",), np.zeros((1, 2), np.float32))
        for i, s in enumerate(scores)
    ]
    return TaskResult(folds, "top1_acc", "max", "top1_acc", 8)


def test_mean_and_deviation_over_folds():
    result = task_result({"top1_acc": 0.2}, {"top1_acc": 0.4}, {"top1_acc": 0.9})
    assert result.scores["top1_acc"] == pytest.approx(0.5)
    assert result.stds["top1_acc"] == pytest.approx(math.sqrt((0.09 + 0.01 + 0.16) / 2))


def test_one_fold_has_its_own_scores_and_no_deviation():
    result = task_result({"top1_acc": 0.2, "mAP": 0.3})
    assert result.scores == {"top1_acc": 0.2, "mAP": 0.3}
    assert math.isnan(result.stds["mAP"])


def test_infinite_and_nan_folds_as_upstreams_pandas_has_them():
    result = task_result({"d_prime": math.inf}, {"d_prime": 1.0})
    assert result.scores["d_prime"] == math.inf
    assert math.isnan(result.stds["d_prime"])
    assert task_result({"d_prime": math.nan}, {"d_prime": 1.0}).scores["d_prime"] == 1.0
