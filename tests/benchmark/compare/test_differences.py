from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from benchmark.compare.comparison import Comparison, Difference, compare_results, differences
from benchmark.compare.places import Place
from benchmark.protocol import Protocol
from benchmark.report.merged_cells import CellFile
from benchmark.results.cells import Cell, TaskFacts
from tests.benchmark.report.results_folders import (
    COST,
    OTHER,
    OURS,
    PITCH,
    SCENES,
    hit,
    write_cell,
    write_failure,
)


def two(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "before", tmp_path / "after"


def by_name(comparison: Comparison) -> dict[str, Difference]:
    return {difference.place.name: difference for difference in comparison.differences}


def test_one_difference_by_hand(tmp_path: Path) -> None:
    """B hits what A hits and 12 of 100 clips more: how many of them are drawn is binomial."""
    before, after = two(tmp_path)
    write_cell(before, OURS, SCENES, hit((60, 100)))
    write_cell(after, OURS, SCENES, hit((72, 100)))
    (found,) = compare_results(before, after).differences
    drawn = binom(100, 0.12)
    assert (found.a, found.b) == (0.6, 0.72)
    assert found.change == pytest.approx(0.12)
    bounds = [drawn.ppf(0.025) / 100, drawn.ppf(0.975) / 100]
    assert found.interval == pytest.approx(bounds, abs=0.0101)
    # As far from 12 as 12 is from 0: none is drawn, or 24 and more.
    assert found.p == pytest.approx(drawn.pmf(0) + drawn.sf(23), abs=2e-3)
    assert found.verdict == "better"
    (back,) = (compared := compare_results(after, before)).differences
    assert back.verdict == "worse"
    assert back.interval == pytest.approx([-found.interval.high, -found.interval.low])
    assert compared.worse == [back]


def test_differences_that_chance_explains(tmp_path: Path) -> None:
    before, after = two(tmp_path)
    write_cell(before, OURS, SCENES, hit((60, 100)))
    write_cell(after, OURS, SCENES, hit((58, 100)))
    (found,) = (compared := compare_results(before, after)).differences
    # Two clips differ: none of them is drawn, or four and more.
    assert found.p == pytest.approx(binom(100, 0.02).pmf(0) + binom(100, 0.02).sf(3), abs=0.03)
    assert found.verdict == "no difference shown"
    assert compared.worse == []
    assert compared.summary == "1 compared: 1 no difference shown."
    assert ["--seeds 5" in caution for caution in compared.cautions] == [True]


def test_p_is_corrected_for_the_number_of_comparisons(tmp_path: Path) -> None:
    before, after = two(tmp_path)
    tasks = [TaskFacts(f"task{index}-v1", "scene", "top1_acc") for index in range(5)]
    for task in tasks:
        write_cell(before, OURS, task, hit((60, 100)))
        write_cell(after, OURS, task, hit((55, 100)))
    drawn = binom(100, 0.05)
    alone = drawn.pmf(0) + drawn.sf(9)
    assert alone < 0.05
    found = compare_results(before, after).differences
    assert [difference.verdict for difference in found] == ["no difference shown"] * 5
    # The smallest of five p-values is multiplied by 5, the next by 4, but not below the first.
    assert min(difference.p for difference in found) == pytest.approx(5 * alone, rel=0.25)


def test_significance_can_be_reached_in_a_table_of_any_size(tmp_path: Path) -> None:
    """With 100 comparisons and 2 000 resamples, no p could be below 0.05 after correction."""
    before, after = two(tmp_path)
    a = write_cell(before, OURS, SCENES, hit((20, 60)))
    b = write_cell(after, OURS, SCENES, hit((50, 60)))
    cells = [CellFile(path, _cell(path)) for path in (a, b)]
    place = Place("ours", (cells[0],), (cells[1],))
    found = differences([place] * 100)
    assert {difference.verdict for difference in found} == {"better"}


def _cell(path: Path) -> Cell:
    from benchmark.results.cell_files import read_cell

    return read_cell(path)


def test_equal_cells(tmp_path: Path) -> None:
    before, after = two(tmp_path)
    for folder in (before, after):
        write_cell(folder, OURS, SCENES, hit((60, 100)))
    compared = compare_results(before, after)
    assert [difference.verdict for difference in compared.differences] == ["equal"]
    assert compared.differences[0].interval == (0, 0)
    assert compared.changes == compared.only == []


def test_several_seeds_are_compared_by_their_means(tmp_path: Path) -> None:
    before, after = two(tmp_path)
    hits = np.arange(60) < 40
    for seed, of_seed in ((42, hits), (43, ~hits)):  # the mean is 0.5 on every clip
        write_cell(before, OURS, SCENES, [of_seed.tolist()], Protocol("default", seed))
    write_cell(after, OURS, SCENES, [hits.tolist()], Protocol("default", 42))
    compared = compare_results(before, after)
    (found,) = compared.differences
    assert (found.a, found.b) == (0.5, pytest.approx(2 / 3))
    # What is left is that of the second folder alone, of mean 2/3.
    spread = np.sqrt(2 / 9 / 60)
    assert found.interval == pytest.approx([1 / 6 - 1.96 * spread, 1 / 6 + 1.96 * spread], abs=0.02)
    assert compared.changes == ["seeds 42, 43 → 42 (everywhere)"]


def test_failures(tmp_path: Path) -> None:
    before, after = two(tmp_path)
    for folder in (before, after):
        write_failure(folder, OTHER, PITCH, "no such file")
    write_cell(before, OURS, SCENES, hit((60, 100)))
    write_failure(after, OURS, SCENES, "out of memory")
    write_failure(before, OURS, PITCH, "NaN")
    write_cell(after, OURS, PITCH, hit((60, 100)))
    compared = compare_results(before, after)
    found = by_name(compared)
    assert {name: difference.verdict for name, difference in found.items()} == {
        "other on pitch-v1": "fails in both",
        "ours on scenes-v1": "fails now",
        "ours on pitch-v1": "works now",
    }
    assert found["ours on scenes-v1"].untested == "out of memory"
    assert [difference.place.name for difference in compared.worse] == ["ours on scenes-v1"]


def test_without_predictions_there_is_a_difference_and_no_test(tmp_path: Path) -> None:
    before, after = two(tmp_path)
    write_cell(before, OURS, SCENES, hit((60, 100)))
    write_cell(after, OURS, SCENES, hit((20, 100))).with_suffix(".npz").unlink()
    (found,) = (compared := compare_results(before, after)).differences
    assert found.change == pytest.approx(-0.4)
    assert found.verdict == "not tested"
    assert "no predictions file" in found.untested
    assert compared.cautions == []
    assert compared.worse == []


def test_few_clips_are_said(tmp_path: Path) -> None:
    before, after = two(tmp_path)
    write_cell(before, OURS, SCENES, hit((6, 12)))
    write_cell(after, OURS, SCENES, hit((7, 12)))
    write_cell(before, OTHER, SCENES, hit((6, 12)))
    write_cell(after, OTHER, SCENES, hit((7, 12)))
    cautions = compare_results(before, after).cautions
    assert sum("only 12 recordings" in caution for caution in cautions) == 1


def test_what_is_better_depends_on_the_score() -> None:
    errors = TaskFacts("events-v1", "event", "segment_1s_er")
    cell = Cell(OURS, errors, Protocol("default"), "h", "failed", cost=COST)
    file = CellFile(Path(), cell)
    fewer = Difference(Place("ours", (file,), (file,)), 0.5, 0.4, p=0.01)
    assert fewer.verdict == "better"
    assert replace(fewer, b=0.6).is_worse
    assert replace(fewer, p=0.05).verdict == "better"
    assert replace(fewer, p=0.051).verdict == "no difference shown"
