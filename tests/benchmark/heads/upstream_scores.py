"""A task's result beside the test.predicted-scores.json that hear-eval-kit wrote for it."""

import math

# Where upstream ran on the same processor with as many threads all numbers agree to 2e-16.
TOLERANCE = 1e-6

TIMES = {"time_in_min", "time_in_min_mean", "time_in_min_std"}


def assert_equals_upstream(result, upstream):
    """Assert that choices are the same and numbers are equal to `TOLERANCE`.

    Returns:
        Number of values compared and their largest difference.
    """
    for key, value in result.hyperparameters.items():
        theirs = upstream["hparams"][key]
        assert str(value) in theirs if key == "initialization" else value == theirs, key
    assert [list(pair) for pair in result.postprocessing] == upstream["postprocessing"]
    # Upstream's is that of the watched number, ours that of the first score.
    watched = "min" if result.monitored == "loss" else result.score_mode
    assert watched == upstream["score_mode"]
    differences = []
    for fold in result.folds:
        assert fold.epoch == upstream[fold.test_split]["epoch"]
        differences += differing(fold_values(fold, result.score_name), upstream[fold.test_split])
    if len(result.folds) > 1:
        ours = over_folds(result)
        theirs = upstream["aggregated_scores"]
        selection = {f"{name}_{part}" for name in ("validation_score", "epoch") for part in PARTS}
        differences += differing(ours, {k: theirs[k] for k in theirs.keys() - selection})
    assert max(differences) <= TOLERANCE
    return len(differences), max(differences)


PARTS = ("mean", "std")


def in_upstreams_words(result):
    """A result as far as upstream's file has it: choices and numbers."""
    return {
        **{fold.test_split: fold_values(fold, result.score_name) for fold in result.folds},
        **({"aggregated_scores": over_folds(result)} if len(result.folds) > 1 else {}),
        "hparams": result.hyperparameters,
        "postprocessing": [list(pair) for pair in result.postprocessing],
    }


def over_folds(result):
    """Means and standard deviations; ours are of the scores alone, not of epochs and choices."""
    ours = {}
    for suffix, values in zip(PARTS, (result.scores, result.stds), strict=True):
        ours |= {f"{key}_{suffix}": value for key, value in upstream_keys(values).items()}
        ours[f"test_score_{suffix}"] = values[result.score_name]
    return ours


def upstream_keys(scores):
    return {key if key == "test_loss" else f"test_{key}": scores[key] for key in scores}


def fold_values(fold, score_name):
    return {
        **upstream_keys(fold.scores),
        "test_score": fold.scores[score_name],
        "validation_score": fold.validation_score,
        "epoch": fold.epoch,
    }


def differing(ours, theirs):
    assert ours.keys() == theirs.keys() - TIMES
    return [difference(ours[key], theirs[key]) for key in ours]


def difference(ours, theirs):
    if ours == theirs or (math.isnan(ours) and math.isnan(theirs)):
        return 0.0
    return abs(ours - theirs) if math.isfinite(ours) and math.isfinite(theirs) else math.inf
