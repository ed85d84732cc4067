"""The page's tables over seeds are those of the values in results/parity."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.bench.seed_tables import (
    PAGE,
    SCORES,
    WORK,
    comparison,
    score_lines,
    seed_by_seed,
    work_lines,
)


@pytest.mark.parametrize(
    ("mark", "lines"),
    [("seeds", score_lines(pd.read_csv(SCORES))), ("work", work_lines(pd.read_csv(WORK)))],
)
def test_the_page_has_them(mark, lines):
    block = "\n".join([f"<!-- {mark} -->", *lines, f"<!-- /{mark} -->"])
    assert block in PAGE.read_text("utf-8"), "stale: run python -m tests.bench.seed_tables --fill"


def test_every_value_is_there_once():
    scores = pd.read_csv(SCORES)
    assert not scores.duplicated(["task", "grid", "side", "seed"]).any()
    assert scores["test_score"].between(0, 1).all()
    assert set(scores["side"]) == {"upstream", "exact", "fast"}


def test_the_interval_is_welchs_of_90_per_cent():
    rng = np.random.default_rng(0)
    fast, reference = rng.normal(0.5, 0.05, 12), rng.normal(0.45, 0.1, 20)
    difference, margin, *_, inside = comparison(fast.tolist(), reference.tolist())
    low, high = stats.ttest_ind(fast, reference, equal_var=False).confidence_interval(0.9)
    assert difference == f"{fast.mean() - reference.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
    assert margin == f"{reference.std(ddof=1):.3f}"
    assert inside == "12 of 12"


def test_pairs_of_a_seed_are_compared_within_their_task_and_grid():
    rows = [
        ("a", "faster", "upstream", 1, 0.5),
        ("a", "faster", "exact", 1, 0.5),
        ("a", "faster", "exact", 2, 0.9),
        ("a", "default", "exact", 1, 0.1),
        ("b", "faster", "upstream", 1, 0.25),
        ("b", "faster", "exact", 1, 0.5),
    ]
    scores = pd.DataFrame(rows, columns=["task", "grid", "side", "seed", "test_score"])
    assert seed_by_seed(scores) == (2, 0.25)
