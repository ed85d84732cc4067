"""Few-shot and layer curves of the page, at places worked out by hand."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from benchmark.report.few_shot import FewShotScore
from benchmark.report.page.cost import LINE
from benchmark.report.page.curves import MOST_LINES, curves_of, few_shot_charts, layer_charts
from benchmark.report.page.page import leaderboard_html
from benchmark.report.standings import read_leaderboard
from tests.benchmark.report.demo import demo_standings
from tests.benchmark.report.results_folders import OURS, PITCH, SCENES, hit, write_cell


def _point(label: str, shots: int, value: float | None, task: str = "a") -> FewShotScore:
    bounds = (None, None) if value is None else (value - 0.1, value + 0.05)
    return FewShotScore(
        label, "m", task, "top1_acc", "higher", "linear", None, shots, 5, value, *bounds
    )


def test_few_shot_lines_are_on_a_logarithmic_axis() -> None:
    values = {1: 0.2, 4: 0.5, 16: 0.6}
    (chart,) = few_shot_charts([_point("x", shots, value) for shots, value in values.items()])
    (line,) = chart.lines
    left, middle, right = (dot.x for dot in line.dots)
    assert middle - left == pytest.approx(right - middle, abs=0.11)
    heights = [dot.y for dot in line.dots]
    assert heights == sorted(heights, reverse=True)  # better is higher
    assert heights[0] - heights[1] == pytest.approx(3 * (heights[1] - heights[2]), abs=0.3)
    for dot in line.dots:
        assert dot.low is not None and dot.high is not None
        assert dot.high < dot.y < dot.low
    assert [tick.text for tick in chart.x_ticks] == ["1", "4", "16"]
    assert "x at 4: 0.500 (0.400 to 0.550)" in line.dots[1].words


def test_failed_points_are_left_out_and_names_do_not_cover_each_other() -> None:
    rows = 11
    curve = [_point(f"row {n}", shots, 0.5) for n in range(rows) for shots in (1, 4)]
    curve += [_point("failed", 1, None), _point("failed", 4, None)]
    (chart,) = few_shot_charts(curve)
    assert len(chart.lines) == MOST_LINES
    assert chart.missing == rows - MOST_LINES
    places = sorted(line.name_y for line in chart.lines)
    assert all(b - a >= LINE - 0.1 for a, b in pairwise(places))
    assert places[-1] <= 216.0
    assert len({dot.x for line in chart.lines for dot in line.dots}) == 2 * MOST_LINES


def test_layers_of_a_checkpoint_are_a_line(tmp_path: Path) -> None:
    for layer, hits in enumerate((10, 25, 20)):
        module = replace(
            OURS,
            label=f"bird layer {layer}",
            module="benchmark.adapters.transformers",
            checkpoint=f"org/bird?layer={layer}&trust_remote_code=yes",
            module_hash=str(layer),
        )
        for task in (SCENES, PITCH):
            write_cell(tmp_path, module, task, hit((hits, 30)))
    alone = replace(
        OURS, module="benchmark.adapters.transformers", checkpoint="o/x?layer=2", label="x layer 2"
    )
    write_cell(tmp_path, alone, SCENES, hit((5, 30)))
    write_cell(tmp_path, replace(OURS, checkpoint="a?layer=1"), SCENES, hit((5, 30)))
    board = read_leaderboard([tmp_path])
    charts = layer_charts(board)
    titles = {"scenes-v1: top1_acc ↑", "pitch-v1: pitch_acc ↑"}
    assert {chart.title for chart in charts} == titles
    for chart in charts:
        (line,) = chart.lines
        assert line.label == "bird"
        assert [dot.words.split(": ")[1][:5] for dot in line.dots] == ["0.333", "0.833", "0.667"]
        low, middle, high = (dot.x for dot in line.dots)
        assert middle - low == pytest.approx(high - middle, abs=0.11)
    assert '<h2 id="layers">Scores by layer</h2>' in leaderboard_html(board)


def test_results_without_curves_have_none() -> None:
    assert curves_of(demo_standings()) == []
    assert curves_of(demo_standings(), [_point("x", 4, 0.5)]) == []  # a curve has two numbers
