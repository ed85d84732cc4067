"""Ranks over rows run here and published ones, by hand."""

import math

import numpy as np
import pytest

from benchmark.report.published import PublishedScore
from benchmark.report.ranks import column_ranks
from benchmark.statistics import Comparisons, Interval

INTERVALS = {"a": Interval(0.6, 0.8), "b": Interval(0.55, 0.75), "c": Interval(0.1, 0.2)}


def _tests(*better: tuple[str, str], models: str = "abc") -> Comparisons:
    nothing = np.full((len(models), len(models)), math.nan)
    ahead = np.zeros_like(nothing, dtype=bool)
    for first, second in better:
        ahead[models.index(first), models.index(second)] = True
    return Comparisons(tuple(models), nothing, nothing, ahead, nothing, nothing)


def _published(**scores: float) -> list[PublishedScore]:
    return [
        PublishedScore(name, "", "", "t", "acc", value, "a slip" if name == "slip" else None)
        for name, value in scores.items()
    ]


def _ranks(*arguments: object, **others: object) -> dict[str, str]:
    return {k: str(v) for k, v in column_ranks(*arguments, **others).items()}  # type: ignore[arg-type]


def test_a_published_score_beyond_the_interval_takes_the_first_rank() -> None:
    tests = _tests(("a", "c"), ("b", "c"))
    assert _ranks(tests, INTERVALS, []) == {"a": "1–2", "b": "1–2", "c": "3"}
    found = _ranks(tests, INTERVALS, _published(high=0.9, within=0.7, low=0.05, slip=1.0))
    assert found == {
        "a": "2–4",  # behind high; within lies in its interval
        "b": "2–4",
        "c": "5",
        "high (published)": "1",
        "within (published)": "2–4",  # behind high, ahead of c and low
        "low (published)": "6",
    }


def test_the_tests_decide_between_rows_run_here_even_where_intervals_overlap() -> None:
    assert _ranks(_tests(("a", "b"), models="ab"), INTERVALS, []) == {"a": "1", "b": "2"}


def test_published_scores_that_are_printed_alike_are_equal() -> None:
    published = _published(x=0.90012, y=0.9, z=0.8)
    found = _ranks(_tests(models="c"), INTERVALS, published)
    assert list(found.values()) == ["4", "1–2", "1–2", "3"]
    assert column_ranks(None, {}, published) == {}  # rows run here have no predictions


def test_less_is_better() -> None:
    found = _ranks(_tests(models="c"), INTERVALS, _published(p=0.3), lower_is_better=True)
    assert found == {"c": "1", "p (published)": "2"}


@pytest.mark.parametrize("published", [[], _published(slip=0.9)])
def test_a_row_alone_has_no_rank(published: list[PublishedScore]) -> None:
    assert column_ranks(_tests(models="a"), INTERVALS, published) == {}


def test_an_undefined_score_has_no_rank() -> None:
    undefined = {**INTERVALS, "c": Interval(math.nan, math.nan)}
    assert set(_ranks(_tests(), undefined, [])) == {"a", "b"}
