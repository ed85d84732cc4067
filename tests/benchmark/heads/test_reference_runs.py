"""hear-eval-kit's own runs, reproduced from its embeddings: selection, epochs and test scores."""

import json

import pytest

from benchmark.heads import evaluate_task
from benchmark.protocol import Protocol
from tests.benchmark.heads.reference_runs import read_reference_splits

TASKS = ("fsdd_speaker-v1-full", "fsdd_kfold-v1-full", "fsdd_event-v1-small")

# Where the reference runs were made (2 cores, torch 2.13) all numbers agree to 2e-16; another
# processor or thread count may round matrix products differently.
TOLERANCE = 1e-6


def assert_reproduces(shared_data, name, grid):
    task, splits = read_reference_splits(shared_data / "parity" / "embeddings" / name)
    path = shared_data / "parity" / "scores" / grid / name / "test.predicted-scores.json"
    upstream = json.loads(path.read_text())
    result = evaluate_task(task, splits, Protocol(grid, mode="exact"))
    for key, value in result.hyperparameters.items():
        theirs = upstream["hparams"][key]
        assert str(value) in theirs if key == "initialization" else value == theirs
    assert [list(pair) for pair in result.postprocessing] == upstream["postprocessing"]
    assert result.score_mode == upstream["score_mode"]
    for fold in result.folds:
        theirs = upstream[fold.test_split]
        assert fold.epoch == theirs["epoch"]
        assert fold.validation_score == pytest.approx(theirs["validation_score"], abs=TOLERANCE)
        loss = fold.scores.pop("test_loss")
        ours = {"test_loss": loss, **{f"test_{key}": fold.scores[key] for key in fold.scores}}
        ours["test_score"] = fold.scores[result.score_name]
        assert set(theirs) - set(ours) == {"validation_score", "epoch", "time_in_min"}
        for key, value in ours.items():
            assert value == pytest.approx(theirs[key], abs=TOLERANCE, nan_ok=True), key
    if len(result.folds) > 1:
        for key, value in result.scores.items():
            theirs = upstream["aggregated_scores"][f"test_{key}_mean"]
            assert value == pytest.approx(theirs, abs=TOLERANCE), key


@pytest.mark.shared
@pytest.mark.parametrize("name", TASKS)
def test_the_faster_grid_reproduces_upstream(shared_data, name):
    assert_reproduces(shared_data, name, "faster")


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_the_default_grid_reproduces_upstream(shared_data, name):
    assert_reproduces(shared_data, name, "default")
