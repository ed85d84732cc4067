"""Resampled mAP is centred on the score: copies of a clip must not vouch for each other."""

import numpy as np
import pytest

from benchmark.statistics import bootstrap_task, scene_fold_score


@pytest.mark.parametrize("name", ["mAP", "aucroc"])
def test_resampled_scores_of_rare_classes_are_not_shifted(name):
    rng = np.random.default_rng(0)
    shifts, widths = [], []
    for run in range(8):
        targets = np.eye(30, dtype=np.float32)[np.arange(240) % 30]
        probabilities = (rng.standard_normal((240, 30)) + 1.5 * targets).astype(np.float32)
        clips = [str(clip) for clip in range(240)]
        models = {"m": [scene_fold_score(name, clips, probabilities, targets)]}
        result = bootstrap_task("t", models, resamples=300, seed=run)
        low, high = result.interval("m")
        shifts.append(np.median(result.values) - result.estimates[0])
        widths.append(high - low)
    assert abs(np.mean(shifts)) < 0.06 * np.mean(widths)
