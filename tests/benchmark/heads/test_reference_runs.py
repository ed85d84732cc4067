"""hear-eval-kit's own runs, reproduced from its embeddings: selection, epochs and test scores.

Near on every processor, and to the digit on one that rounds as the stored runs' did. Where it does
not, exact mode still is upstream's to the digit beside upstream itself (`tests/parity`), and its
training to the bit beside upstream's loop in plain torch (`test_train`).
"""

import json
from functools import cache

import pytest

from benchmark.heads import evaluate_task
from benchmark.heareval.embedding_folder import read_heareval_folder
from benchmark.protocol import Protocol
from tests.benchmark.heads.near_upstream import assert_near_upstream
from tests.benchmark.heads.stored_runs import rounds_as_stored_runs, stored_threads
from tests.benchmark.heads.upstream_scores import assert_equals_upstream, in_upstreams_words

pytestmark = pytest.mark.shared

TASKS = ("fsdd_speaker-v1-full", "fsdd_kfold-v1-full", "fsdd_event-v1-small")
GRIDS = ("faster", pytest.param("default", marks=pytest.mark.slow))


@cache
def both_sides(parity, name, grid):
    """Our result and upstream's scores."""
    task, splits = read_heareval_folder(parity / "embeddings" / name)
    with stored_threads():
        result = evaluate_task(task, splits, Protocol(grid, mode="exact"))
    path = parity / "scores" / grid / name / "test.predicted-scores.json"
    return result, json.loads(path.read_text())


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", TASKS)
def test_any_processor_comes_near_upstream(shared_data, name, grid):
    result, upstream = both_sides(shared_data / "parity", name, grid)
    assert_near_upstream(in_upstreams_words(result), upstream)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("name", TASKS)
def test_the_same_arithmetic_equals_upstream(shared_data, name, grid):
    if not rounds_as_stored_runs(grid):
        pytest.skip("this processor or torch rounds otherwise than those of the stored runs")
    assert_equals_upstream(*both_sides(shared_data / "parity", name, grid))
