"""The picture beside the answer: score against what it costs, speed or parameters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from benchmark.report.notes import score_name
from benchmark.report.numbers import count_text, end_text, page_score, speed_text
from benchmark.report.page.cells import Kind, PageRow
from benchmark.report.page.scale import Scale, ticks
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import speed
from benchmark.statistics import Interval

WIDTH, HEIGHT = 460.0, 250.0  # of the drawing, in units of its viewBox
LEFT, RIGHT, TOP, BOTTOM = 48.0, 12.0, 26.0, 38.0  # of its margins
LETTER, LINE = 6.3, 12.0  # width of a letter and height of a line of its text
LONGEST = 22  # letters of a name
MOST_NAMES = 14  # beside points of models; baselines and floors are named anyway


class Tick(NamedTuple):
    """A mark of an axis: where, and its number."""

    at: float
    text: str


@dataclass(frozen=True)
class Point:
    """A row.

    Attributes:
        x: Where it is drawn.
        y: The same.
        low: Where its interval ends below; None where it has none.
        high: Where it ends above.
        kind: Of the row.
        label: Its name, cut; empty where it would cover others.
        text_x: Where the name is.
        text_y: The same.
        anchor: ``"start"``, ``"middle"`` or ``"end"`` of the name is there.
        words: All of it in words.
    """

    x: float
    y: float
    low: float | None
    high: float | None
    kind: Kind
    label: str
    text_x: float
    text_y: float
    anchor: str
    words: str


@dataclass(frozen=True)
class CostChart:
    """A chart with a logarithmic axis of costs.

    Attributes:
        title: Above it.
        x_title: Of the axis below.
        x_ticks: Of that axis.
        y_ticks: Of the other.
        points: Rows, the best first.
        missing: How many rows run here lack a score or the cost.
    """

    title: str
    x_title: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    points: list[Point]
    missing: int


class _Known(NamedTuple):
    row: PageRow
    score: float
    interval: Interval | None
    cost: float


def cost_charts(standings: Leaderboard, rows: Sequence[PageRow]) -> list[CostChart]:
    """Against speed, then against parameters; a chart that has two rows or more."""
    board = standings.board
    own = [row for row in rows if not row.published]
    speeds = {module.label: speed(board.cells(module)) for module in board.modules}
    sizes = {row.label: row.parameters for row in own}
    axes: tuple[tuple[Mapping[str, float | None], str, Callable[[float], str]], ...] = (
        (speeds, "seconds of audio embedded per second (faster: right)", speed_text),
        (sizes, "parameters (smaller: left)", _size_text),
    )
    charts = []
    for costs, x_title, words in axes:
        known = _known(standings, own, costs)
        if len(known) > 1:
            charts.append(_chart(standings, known, x_title, words, len(own) - len(known)))
    return charts


def _known(
    standings: Leaderboard, own: Sequence[PageRow], costs: Mapping[str, float | None]
) -> list[_Known]:
    found = []
    for row in own:
        score, interval = standings.row_score(row.label)
        cost = costs[row.label]
        if score is not None and math.isfinite(score) and cost is not None:
            found.append(_Known(row, score, interval, cost))
    return sorted(found, key=lambda known: -known.score)


def _size_text(value: float) -> str:
    return count_text(round(value)).replace(".0 M", " M")


def _chart(
    standings: Leaderboard,
    known: Sequence[_Known],
    x_title: str,
    words: Callable[[float], str],
    missing: int,
) -> CostChart:
    tasks = standings.board.tasks
    lower = len(tasks) == 1 and tasks[0].better == "lower"
    name = f"{score_name(tasks[0])}" if len(tasks) == 1 else "normalised score ↑"
    bounds = [value for entry in known for value in (entry.score, *(entry.interval or ()))]
    scale = Scale.over(bounds)
    assert scale is not None  # scores are finite
    axis = _CostAxis.over([entry.cost for entry in known])
    placed = [_point(entry, scale, axis, lower, words) for entry in known]
    return CostChart(
        title=f"{name}, with 95 % intervals",
        x_title=x_title,
        x_ticks=[Tick(axis.position(value), words(value)) for value in axis.ticks()],
        y_ticks=[Tick(height(value, scale, lower), end_text(value)) for value in ticks(scale)],
        points=_named(placed, known),
        missing=missing,
    )


@dataclass(frozen=True)
class _CostAxis:
    """Powers of ten; a cost of 0, as of a floor without parameters, is at the left end."""

    low: float
    high: float
    zero: bool

    @staticmethod
    def over(costs: Sequence[float]) -> _CostAxis:
        logs = [math.log10(cost) for cost in costs if cost > 0] or [0.0]
        room = 0.12 * max(max(logs) - min(logs), 0.5)
        return _CostAxis(min(logs) - room, max(logs) + room, min(costs) <= 0)

    def position(self, cost: float) -> float:
        start = LEFT + (50.0 if self.zero else 8.0)
        if cost <= 0:
            return LEFT + 14.0
        share = (math.log10(cost) - self.low) / (self.high - self.low)
        return round(start + share * (WIDTH - RIGHT - start), 1)

    def ticks(self) -> list[float]:
        """Steps of 1, 2, 5, or powers of ten alone where there would be too many."""
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            steps = [digit * 10.0**power for power in powers for digit in digits]
            inside = [step for step in steps if self.low <= math.log10(step) <= self.high]
            if len(inside) <= 6:
                break
        return [*([0.0] if self.zero else []), *inside]


def height(score: float, scale: Scale, lower: bool) -> float:
    """Where a score is drawn: better is higher, whichever way the score points."""
    share = scale.position(score) / 100.0
    return round(TOP + (share if lower else 1 - share) * (HEIGHT - TOP - BOTTOM), 1)


def _point(
    known: _Known, scale: Scale, axis: _CostAxis, lower: bool, words: Callable[[float], str]
) -> Point:
    interval, text = known.interval, f"{known.row.name}: {page_score(known.score)}"
    low = high = None
    if interval is not None and not math.isnan(interval.low):
        low, high = (height(bound, scale, lower) for bound in interval)
        text += f" ({' to '.join(page_score(bound) for bound in interval)})"
    x, y = axis.position(known.cost), height(known.score, scale, lower)
    text += f", {words(known.cost)}"
    return Point(x, y, low, high, known.row.kind, "", 0.0, 0.0, "start", text)


Box = tuple[float, float, float, float]  # left, top, right, bottom


def _named(points: Sequence[Point], known: Sequence[_Known]) -> list[Point]:
    """Names where they cover nothing, the best rows first; a row without place has none."""
    taken = [_drawn(point) for point in points]
    named: list[Point] = []
    for point, entry in zip(points, known, strict=True):
        name = entry.row.name
        cut = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        is_named = len(named) < MOST_NAMES or point.kind != "model"
        for x, y, anchor in _places(point) if is_named else ():
            box = _box(x, y, anchor, LETTER * len(cut))
            if _inside(box) and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                point = replace(point, label=cut, text_x=x, text_y=y, anchor=anchor)
                break
        named.append(point)
    return named


def _places(point: Point) -> list[tuple[float, float, str]]:
    """Where a name may stand, the best first."""
    ends = [point.y, *(end for end in (point.low, point.high) if end is not None)]
    above, below = min(ends) - 6.0, max(ends) + 14.0
    return [
        (point.x + 8, point.y + 4, "start"),
        (point.x - 8, point.y + 4, "end"),
        (point.x, above, "middle"),
        (point.x, below, "middle"),
        (point.x + 5, point.y - 6, "start"),
        (point.x + 5, point.y + 14, "start"),
        (point.x - 5, point.y - 6, "end"),
        (point.x - 5, point.y + 14, "end"),
    ]


def _drawn(point: Point) -> Box:
    ends = [point.y - 4, point.y + 4]
    ends += [end for end in (point.low, point.high) if end is not None]
    return point.x - 4, min(ends), point.x + 4, max(ends)


def _box(x: float, y: float, anchor: str, width: float) -> Box:
    left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * width
    return left, y - LINE + 3, left + width, y + 3


def _inside(box: Box) -> bool:
    return box[0] >= LEFT and box[1] >= TOP - 12 and box[2] <= WIDTH and box[3] <= HEIGHT - BOTTOM


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
