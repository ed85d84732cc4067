"""hear-eval-kit's own runs, reproduced from its embeddings: selection, epochs and test scores."""

import json

import pytest
import torch

from benchmark.heads import evaluate_task
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from tests.benchmark.heads.upstream_scores import assert_equals_upstream

TASKS = ("fsdd_speaker-v1-full", "fsdd_kfold-v1-full", "fsdd_event-v1-small")


@pytest.fixture(autouse=True)
def two_threads():
    """As many as the reference runs had: sums of a matrix product round by them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def assert_reproduces(shared_data, name, grid):
    task, splits = read_heareval_folder(shared_data / "parity" / "embeddings" / name)
    path = shared_data / "parity" / "scores" / grid / name / "test.predicted-scores.json"
    result = evaluate_task(task, splits, Protocol(grid, mode="exact"))
    assert_equals_upstream(result, json.loads(path.read_text()))


@pytest.mark.shared
@pytest.mark.parametrize("name", TASKS)
def test_the_faster_grid_reproduces_upstream(shared_data, name):
    assert_reproduces(shared_data, name, "faster")


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_the_default_grid_reproduces_upstream(shared_data, name):
    assert_reproduces(shared_data, name, "default")
