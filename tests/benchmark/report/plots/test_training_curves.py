"""A panel per model, a line per head, a dot at the kept epoch; what has no curve is left out."""

import math
from dataclasses import replace

import numpy as np

from benchmark.report.plots.style import looks
from benchmark.report.plots.training_curves import has_curves, training_curves_figure
from benchmark.results.cells import FoldScores
from benchmark.results.leaderboard import Entry
from tests.benchmark.report.demo import MODULES, demo_standings
from tests.benchmark.report.plots.drawn import panels


def _entry(*curves: list[list[float]], epoch: int = 5, seeds: int = 1) -> Entry:
    cell = demo_standings().board.entries["multi", "esc50-v2.0.0-full"].cells[0]
    folds = [
        FoldScores(f"fold{i}", {"top1_acc": 0.5}, 0.5, epoch, validation_curve=curve)
        for i, curve in enumerate(curves)
    ]
    return Entry((replace(cell, folds=folds),) * seeds)


def test_lines_dots_and_panels() -> None:
    curve = [[2, 0.25], [5, 0.5], [8, 0.4]]
    entries = {"multi": _entry(curve, curve[:2], seeds=2), "cola": _entry(curve)}
    first, second = panels(training_curves_figure("esc50", entries, looks(MODULES)))
    assert first.get_title("left") == "multi (4 heads)"
    assert second.get_title("left") == "cola"
    line, dot = second.lines
    assert line.get_xydata().tolist() == curve
    assert np.ravel(dot.get_xydata()).tolist() == [5, 0.5]
    assert len(first.lines) == 2 * 4
    assert first.get_xlim() == second.get_xlim()
    assert first.get_xlim()[0] == 0


def test_undefined_validations_are_left_out_of_lines() -> None:
    broken = _entry([[2, math.nan], [5, 0.5]], [[5, math.nan]], [], epoch=5)
    (panel,) = panels(training_curves_figure("t", {"multi": broken}, looks(MODULES)))
    assert [line.get_xydata().tolist() for line in panel.lines] == [[[5, 0.5]], [[5, 0.5]]]


def test_cells_of_older_versions_have_no_curves() -> None:
    assert not has_curves(_entry([]))
    assert has_curves(_entry([], [[0, 1.0]]))
    assert not any(has_curves(entry) for entry in demo_standings().board.entries.values())
