"""Tie groups and rank ranges by hand, also where "not different" is not transitive."""

import numpy as np

from benchmark.statistics import Comparisons, RankRange, rank_ranges, tie_groups


def comparisons(models, won):
    better = np.array([[a + b in won.split() for b in models] for a in models])
    nothing = np.full(better.shape, np.nan)
    return Comparisons(tuple(models), nothing, nothing, better, nothing, nothing)


def test_all_decided():
    found = comparisons("ABC", "AB AC BC")
    assert tie_groups(found) == {1: ["A"], 2: ["B"], 3: ["C"]}
    assert [str(ranks) for ranks in rank_ranges(found).values()] == ["1", "2", "3"]


def test_nothing_decided():
    found = comparisons("ABC", "")
    assert tie_groups(found) == {1: ["A", "B", "C"]}
    assert set(rank_ranges(found).values()) == {RankRange(1, 3)}


def test_a_beats_c_and_b_ties_with_both():
    found = comparisons("ABC", "AC")
    assert tie_groups(found) == {1: ["A", "B"], 2: ["C"]}
    assert [str(ranks) for ranks in rank_ranges(found).values()] == ["1–2", "1–3", "2–3"]


def test_rank_counts_models_that_are_better_so_numbers_are_skipped():
    found = comparisons("ABCD", "AC AD BC BD")
    assert tie_groups(found) == {1: ["A", "B"], 3: ["C", "D"]}


def test_groups_come_best_first_whatever_the_models_order():
    assert list(tie_groups(comparisons("CBA", "AC AB"))) == [1, 2]
