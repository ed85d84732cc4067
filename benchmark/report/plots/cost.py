"""What a score costs: score against speed, with the number of parameters as area."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmark.report.notes import score_name
from benchmark.report.plots.style import (
    FAINT,
    INK,
    LINE,
    Look,
    PointLabel,
    label_points,
    looks,
    short,
    styled,
)
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import speed
from benchmark.statistics import Interval

AREA_PER_MILLION = 22.0  # points squared
LEAST_AREA, LARGEST_AREA = 18.0, 500.0  # of a picture's smallest and largest marker
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # millions of parameters, for the legend


class Point(NamedTuple):
    """A model in the picture.

    Attributes:
        label: Row.
        score: Overall normalised score, or that of a single task.
        interval: Its 95 % interval, if there is one.
        speed: Seconds of audio embedded per second.
        parameters: Their number; None if unknown.
    """

    label: str
    score: float
    interval: Interval | None
    speed: float
    parameters: int | None


def cost_points(standings: Leaderboard) -> list[Point]:
    """Rows whose score and speed are known, best first."""
    points = []
    for module in standings.board.modules:
        score, interval = standings.row_score(module.label)
        fast = speed(standings.board.cells(module))
        if score is not None and math.isfinite(score) and fast:
            points.append(Point(module.label, score, interval, fast, module.parameters))
    return sorted(points, key=lambda point: -point.score)


@styled
def cost_figure(standings: Leaderboard) -> Figure:
    """Score against speed: up and to the right is better, whichever way the score points."""
    points = cost_points(standings)
    figure = Figure(figsize=(8.2, 5.2), layout="constrained")
    panel = figure.subplots()
    look = looks(standings.board.modules)
    scale = _area_scale(points)
    for point in points:
        _draw_point(panel, point, look[point.label], scale)
    _describe(panel, standings, len(points))
    if points:
        panel.legend(
            handles=_sizes(points, scale),
            title="area: parameters",
            loc="center left",
            bbox_to_anchor=(1.01, 0.5),
            labelspacing=1.4,
            handletextpad=1.4,
            borderpad=1.2,
        )
        label_points(
            panel,
            [
                PointLabel(
                    short(point.label),
                    point.speed,
                    point.score,
                    point.interval or (point.score, point.score),
                    math.sqrt(_area(point.parameters, scale)) / 2,
                    INK,  # a marker's colour is too faint for letters
                )
                for point in points
            ],
        )
    return figure


def _draw_point(panel: Axes, point: Point, look: Look, scale: float) -> None:
    if point.interval and all(map(math.isfinite, point.interval)):
        panel.plot([point.speed] * 2, point.interval, color=look.colour, lw=1.6, zorder=2)
    area = _area(point.parameters, scale)
    panel.scatter(
        point.speed,
        point.score,
        s=area,
        marker=look.marker,
        facecolor=look.face,
        edgecolor=look.colour,
        linewidth=1.6,
        zorder=3 + LEAST_AREA / area,  # the smaller on top
    )


def _area_scale(points: Sequence[Point]) -> float:
    """Area per million parameters, so that no marker covers its neighbours or the legend."""
    largest = max((point.parameters or 0 for point in points), default=0) / 1e6
    return min(AREA_PER_MILLION, LARGEST_AREA / largest) if largest else AREA_PER_MILLION


def _area(parameters: int | None, scale: float) -> float:
    return max(scale * (parameters or 0) / 1e6, LEAST_AREA)


def _describe(panel: Axes, standings: Leaderboard, drawn: int) -> None:
    tasks = standings.board.tasks
    if len(tasks) == 1:
        name = score_name(tasks[0])
        panel.set_title(f"{tasks[0].task}: score against speed")
        if tasks[0].better == "lower":
            panel.invert_yaxis()
    else:
        name = "overall normalised score ↑"
        panel.set_title(f"Overall score of {len(tasks)} tasks against speed")
    panel.set_ylabel(f"{name} (bars: 95 % interval)")
    panel.set_xscale("log")
    panel.set_xlabel("seconds of audio embedded per second → (log scale)")
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.margins(x=0.25, y=0.12)
    panel.grid()
    missing = len(standings.board.modules) - drawn
    if missing:
        rows = "1 row" if missing == 1 else f"{missing} rows"
        remark = f"Not shown: {rows} without score or speed."
        panel.text(0.01, 0.01, remark, transform=panel.transAxes, color=FAINT, va="bottom")


def _sizes(points: Sequence[Point], scale: float) -> list[Line2D]:
    """Legend of the areas: round numbers that span what is drawn."""
    largest = max(point.parameters or 0 for point in points) / 1e6
    steps = [step for step in SIZES if step <= 1.5 * largest] or [1]
    plain: dict[str, Any] = {"ls": "", "marker": "o", "color": LINE, "mec": FAINT}
    return [
        Line2D([], [], ms=math.sqrt(_area(step * 1_000_000, scale)), label=f"{step} M", **plain)
        for step in steps[-3:]
    ]
