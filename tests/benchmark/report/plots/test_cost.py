"""Points lie at speed and score, areas tell parameters, names hide nothing."""

import itertools
from dataclasses import replace

import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from benchmark.report.plots.cost import cost_figure, cost_points
from benchmark.report.plots.style import PointLabel, label_points
from tests.benchmark.report.demo import demo_standings, failed_demo, part_of_demo
from tests.benchmark.report.plots.drawn import texts


def test_points_lie_at_overall_score_and_speed() -> None:
    standings = demo_standings()
    points = {point.label: point for point in cost_points(standings)}
    assert "random" not in points  # it failed on one task
    for label, point in points.items():
        overall = standings.overall_of(label)
        assert overall is not None
        assert (point.score, point.interval) == (overall.normalised, overall.normalised_interval)
    assert points["logmel"].speed == pytest.approx(1328)
    figure = cost_figure(standings)
    (panel,) = figure.axes
    drawn = [collection.get_offsets()[0].tolist() for collection in panel.collections]
    assert drawn == [[point.speed, point.score] for point in points.values()]
    sizes = [collection.get_sizes()[0] for collection in panel.collections]
    assert sizes[-1] > sizes[list(points).index("logmel")]  # 4.6 M parameters and none
    words = texts(figure)
    assert "Not shown: 1 row without score or speed." in words
    assert {"multi", "cola", "logmel"} <= set(words)


def test_a_single_task_gives_its_own_score() -> None:
    standings = part_of_demo(5, 1)
    points = cost_points(standings)
    assert len(points) == 5
    assert (
        points[0].score == standings.standings[points[0].label, "esc50-v2.0.0-full"].entry.primary
    )
    assert any(text.startswith("top1_acc ↑") for text in texts(cost_figure(standings)))


def test_without_scores_there_are_no_points() -> None:
    assert cost_points(failed_demo()) == []
    unknown = demo_standings()
    modules = [replace(module, parameters=None) for module in unknown.board.modules]
    figure = cost_figure(replace(unknown, board=replace(unknown.board, modules=modules)))
    assert len(figure.axes[0].collections) == 4


def test_names_hide_neither_points_nor_each_other() -> None:
    figure = Figure(figsize=(6, 4))
    panel = figure.subplots()
    panel.set_xlim(0, 10)
    panel.set_ylim(0, 10)
    near = [(2, 5), (2.5, 5), (3, 5.2), (9.8, 9.8), (9.9, 0.1)]
    labels = [PointLabel(f"model {x}", x, y, (y - 0.3, y + 0.3), 5.0, "black") for x, y in near]
    boxes = [label.get_window_extent() for label in label_points(panel, labels)]
    for one, other in itertools.combinations(boxes, 2):
        assert Bbox.intersection(one, other) is None
    for box, (x, y) in itertools.product(boxes, near):
        assert not box.contains(*panel.transData.transform((x, y)))
    for box in boxes:
        assert panel.bbox.x0 <= box.x0
        assert box.x1 <= panel.bbox.x1
