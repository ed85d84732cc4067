"""Charts and correlations of the page, against scipy and by hand."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from benchmark.report.page.cells import page_rows
from benchmark.report.page.correlations import spearman
from benchmark.report.page.cost import HEIGHT, WIDTH, cost_charts
from benchmark.report.page.page import leaderboard_html, page_of
from benchmark.report.page.scale import Scale, ticks
from benchmark.report.page.script_data import UNIT, script_data
from tests.benchmark.report.demo import (
    demo_standings,
    empty_standings,
    part_of_demo,
    wide_standings,
)


def test_spearman_is_scipys() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 6, (2, 40)).astype(float)  # with ties
    assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert math.isnan(spearman(a, np.ones(40)))


def test_points_lie_at_score_and_cost_and_names_cover_nothing() -> None:
    demo = demo_standings()
    speeds, sizes = cost_charts(demo, page_rows(demo))
    assert [point.label for point in speeds.points][:2] == ["cola", "multi"]  # best first
    order = sorted(speeds.points, key=lambda point: point.x)
    assert [point.label.split(" ")[0] for point in order] == [
        "panns-cnn6",
        "multi",
        "cola",
        "logmel",
    ]
    heights = [point.y for point in speeds.points]
    assert heights == sorted(heights)  # a better score is drawn higher
    assert speeds.missing == sizes.missing == 1  # random failed on a task
    logmel = next(point for point in sizes.points if point.label == "logmel")
    assert logmel.x == min(point.x for point in sizes.points) and sizes.x_ticks[0].text == "0"
    for chart in (speeds, sizes):
        for point in chart.points:
            assert 0 < point.x < WIDTH and 0 < point.y < HEIGHT
            assert point.low is not None and point.high is not None
            assert point.high <= point.y <= point.low  # upwards on the screen


def test_one_row_is_no_chart() -> None:
    for board in (part_of_demo(1, 1), empty_standings()):
        assert cost_charts(board, page_rows(board)) == []


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.161, 0.966), (-0.4, 0.2), (3.0, 3.1)])
def test_ticks_are_round_and_inside(ends: tuple[float, float]) -> None:
    scale = Scale.over(ends)
    assert scale is not None
    found = ticks(scale)
    assert 3 <= len(found) <= 11
    assert scale.low - 1e-9 <= found[0] and found[-1] <= scale.high + 1e-9
    assert np.allclose(np.diff(found), found[1] - found[0])


def test_heat_is_half_standard_deviations_from_the_columns_mean() -> None:
    column = page_of(demo_standings()).columns[2]
    values = np.array([cell.value for cell in column.cells], dtype=float)
    known = np.isfinite(values)
    z = (values - values[known].mean()) / values[known].std()
    expected = [max(-4, min(4, round(2 * score))) for score in z[known]]
    assert [cell.heat for cell in column.cells if cell.value is not None] == expected


def test_the_scripts_pairs_are_the_tests() -> None:
    demo = demo_standings()
    page = page_of(demo)
    columns = script_data(demo, page.rows, page.columns)["columns"]
    column = next(c for c in columns if c["title"] == "esc50-v2.0.0-full")  # type: ignore[attr-defined]
    tests = demo.comparisons["esc50-v2.0.0-full"]
    pairs = [(a, b) for a in range(5) for b in range(a + 1, 5)]
    assert column["tests"]["p"] == [round(tests.adjusted[pair] * UNIT) for pair in pairs]
    assert column["tests"]["low"] == [round(tests.low[pair] * UNIT) for pair in pairs]
    assert [page.rows[row].label for row in column["tests"]["rows"]] == list(tests.models)


def test_a_wide_board_is_small_and_begins_with_numbers() -> None:
    board = wide_standings(40, 19)
    text = leaderboard_html(board)
    assert len(text.encode()) < 1_500_000
    assert '<table id="board" class="view-numbers">' in text
    assert text.count('<table class="correlations">') == 2  # of tasks and of models
    assert '<table class="pairs">' not in text  # 780 pairs a task are in leaderboard_pairs.csv
    assert '<tr data-row="73" class="published">' in text  # no row is folded
