"""The statistics of the study over seeds."""

import json

import numpy as np
import pytest
from scipy import stats

from tests.bench.seed_distributions import (
    block,
    equivalence,
    keep_rows,
    seeds_of,
    upstream_values,
)


def test_equivalence_is_two_one_sided_welch_tests():
    rng = np.random.default_rng(0)
    for shift in (0.0, 0.02, -0.3):
        ours, theirs = rng.normal(shift, 0.05, 12).tolist(), rng.normal(0, 0.1, 20).tolist()
        difference, margin, p, _ = equivalence(ours, theirs)
        assert margin == pytest.approx(np.std(theirs, ddof=1))
        above = stats.ttest_ind(
            np.add(ours, margin), theirs, equal_var=False, alternative="greater"
        )
        below = stats.ttest_ind(
            np.subtract(ours, margin), theirs, equal_var=False, alternative="less"
        )
        assert p == pytest.approx(max(above.pvalue, below.pvalue))
        assert difference == pytest.approx(np.mean(ours) - np.mean(theirs))


def test_the_limit_is_the_difference_at_which_p_is_a_twentieth():
    values = np.random.default_rng(1).normal(0, 0.1, 15)
    limit = equivalence(values.tolist(), values.tolist())[3]
    assert equivalence((values + limit).tolist(), values.tolist())[2] == pytest.approx(0.05)


@pytest.mark.parametrize(("seeds", "enough"), [(5, False), (6, False), (7, True)])
def test_seven_seeds_a_side_are_the_fewest_that_can_show_it(seeds, enough):
    values = np.linspace(0, 1, seeds).tolist()
    assert (equivalence(values, values)[3] > 0) == enough
    assert (equivalence(values, values)[2] < 0.05) == enough


def test_a_side_without_spread_is_equivalent_to_its_equal_only():
    assert equivalence([0.5] * 5, [0.5] * 5)[2] < 0.05
    assert equivalence([0.6] * 5, [0.5] * 5)[2] == 1


def test_seeds_and_upstreams_layout(tmp_path):
    assert seeds_of("42-44,50") == [42, 43, 44, 50]
    for seed, score in ((42, 0.25), (43, 0.5)):
        folder = tmp_path / "faster" / str(seed) / "t"
        folder.mkdir(parents=True)
        scores = {"test": {"test_score": score}}
        (folder / "test.predicted-scores.json").write_text(json.dumps(scores))
    upstream = upstream_values(tmp_path / "faster", "t")
    assert upstream == {42: 0.25, 43: 0.5}
    lines = block("t", {"upstream": upstream, "exact": {42: 0.25, 43: 0.625}}).splitlines()
    assert lines[5] == "| exact | 2 | 0.4375 | 0.2652 | 0.2500 | 0.6250 | 1.2e-01 (2 seeds) |"
    with pytest.raises(SystemExit, match="has no"):
        upstream_values(tmp_path, "t")


def test_new_values_take_the_place_of_old_ones_and_others_stay(tmp_path):
    path = tmp_path / "scores.csv"
    keep_rows(path, "t", "faster", {"exact": {42: 0.25, 43: 1 / 3}})
    keep_rows(path, "t", "faster", {"exact": {43: 0.5}, "fast": {42: 0.125}})
    keep_rows(path, "t", "default", {"exact": {42: 0.75}})
    assert path.read_text().splitlines() == [
        "task,grid,side,seed,test_score",
        "t,faster,exact,42,0.250000",
        "t,faster,exact,43,0.500000",
        "t,faster,fast,42,0.125000",
        "t,default,exact,42,0.750000",
    ]
