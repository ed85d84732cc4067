"""Curves: scores against the number of training clips, or against the layer that is read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from benchmark.report.few_shot import FewShotScore, few_shot_sentence
from benchmark.report.numbers import end_text, page_score
from benchmark.report.page.cost import BOTTOM, HEIGHT, LEFT, LINE, TOP, WIDTH, Tick, height
from benchmark.report.page.scale import Scale, ticks
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import ModuleFacts

NAMES = 132.0  # width of the names at the right ends of the lines, in units of the viewBox
LONGEST = 21  # letters of a name
MOST_LINES = 8  # of a chart: so many that the style has a colour and a dash for each
MOST_TICKS = 13
LAYER = re.compile(r"(?<=[?&])layer=(\d+)(?=&|$)")  # of a checkpoint of `benchmark.adapters`
LAYERS_SAID = (
    "Scores of the layers of one checkpoint, with 95 % intervals over test clips. Layer 0 is what "
    "goes into the first layer. The best layer of a test split looks better than it is: choose a "
    "layer by another task."
)


class Known(NamedTuple):
    """A score of a line: at which number, and its interval if it has one."""

    x: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Dot:
    """A drawn score; ``low`` and ``high`` are None where it has no interval."""

    x: float
    y: float
    low: float | None
    high: float | None
    words: str


@dataclass(frozen=True)
class Line:
    """A model.

    Attributes:
        number: From 0; the style gives each a colour and a dash.
        label: Its name, cut.
        name_y: Where the name stands, right of the last dot.
        dots: From left to right.
    """

    number: int
    label: str
    name_y: float
    dots: list[Dot]

    @property
    def path(self) -> str:
        """The line from dot to dot, as SVG has it."""
        return "M" + "L".join(f"{dot.x} {dot.y}" for dot in self.dots)


@dataclass(frozen=True)
class CurveChart:
    """A task.

    Attributes:
        title: Its name and score.
        x_title: Of the axis below.
        x_ticks: Of that axis.
        y_ticks: Of the other.
        lines: The best at its right end first.
        missing: How many models are not drawn, as there are too many.
        names_x: Where names begin.
    """

    title: str
    x_title: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    lines: list[Line]
    missing: int
    names_x: float = WIDTH - NAMES + 10


@dataclass(frozen=True)
class Curves:
    """A section of the page; ``said`` is how its numbers were made."""

    id: str
    title: str
    said: str
    charts: list[CurveChart]


def curves_of(standings: Leaderboard, few_shot: Sequence[FewShotScore] = ()) -> list[Curves]:
    """All that the results have: few-shot curves, then scores by layer."""
    found = []
    if len({point.shots for point in few_shot}) > 1:
        charts = few_shot_charts(few_shot)
        found.append(Curves("few-shot", "Few-shot curves", few_shot_sentence(few_shot), charts))
    if charts := layer_charts(standings):
        found.append(Curves("layers", "Scores by layer", LAYERS_SAID, charts))
    return found


def few_shot_charts(curve: Sequence[FewShotScore]) -> list[CurveChart]:
    """A chart for each task with scores, a line for each row; the axis of clips is logarithmic."""
    charts = []
    for task in dict.fromkeys(point.task for point in curve):
        lines: dict[str, list[Known]] = {}
        own = [point for point in curve if point.task == task]
        for point in own:
            if point.value is not None and math.isfinite(point.value):
                known = Known(point.shots, point.value, point.low, point.high)
                lines.setdefault(point.label, []).append(known)
        if lines:
            x_title = "training clips of each class (log scale)"
            score = (task, own[0].score, own[0].better == "lower")
            charts.append(_chart(score, lines, x_title, math.log))
    return charts


def layer_charts(standings: Leaderboard) -> list[CurveChart]:
    """A chart for each task, a line for each checkpoint that is read at two layers or more."""
    layers: dict[tuple[str, str], list[tuple[int, ModuleFacts]]] = {}
    for module in standings.board.modules:
        layer = _layer(module)
        if layer is not None:
            place = module.module, LAYER.sub("layer=", module.checkpoint)
            layers.setdefault(place, []).append((layer, module))
    stacks = {_stack_name(rows): sorted(rows, key=_number) for rows in layers.values()}
    charts = []
    for task in standings.board.tasks:
        lines = {name: _layer_scores(standings, rows, task.task) for name, rows in stacks.items()}
        lines = {name: known for name, known in lines.items() if len(known) > 1}
        if lines:
            score = (task.task, task.score, task.better == "lower")
            charts.append(_chart(score, lines, "layer"))
    return charts


def _layer(module: ModuleFacts) -> int | None:
    found = LAYER.search(module.checkpoint)
    ours = module.module.startswith("benchmark.adapters.")
    return int(found[1]) if ours and found else None


def _number(row: tuple[int, ModuleFacts]) -> int:
    return row[0]


def _stack_name(rows: Sequence[tuple[int, ModuleFacts]]) -> str:
    """The label of the rows without the layer, as the adapter or the user's label names it."""
    layer, module = rows[0]
    return re.sub(rf"\s*\blayer[ =]{layer}\b.*$", "", module.label) or module.label


def _layer_scores(
    standings: Leaderboard, rows: Sequence[tuple[int, ModuleFacts]], task: str
) -> list[Known]:
    found = []
    for layer, module in rows:
        score = standings.score(module.label, task)
        if score.value is not None and math.isfinite(score.value):
            found.append(Known(layer, score.value, score.low, score.high))
    return found


def _chart(
    score: tuple[str, str, bool],
    lines: dict[str, list[Known]],
    x_title: str,
    axis: Callable[[float], float] = float,
) -> CurveChart:
    """Draw lines.

    Args:
        score: Name of the task, name of its score, and whether lower is better.
        lines: Scores from left to right by name, none empty.
        x_title: Of the axis below.
        axis: What is linear on it.
    """
    task, name, lower = score
    sign = 1 if lower else -1
    order = sorted(lines, key=lambda label: (sign * lines[label][-1].value, label))[:MOST_LINES]
    drawn = {label: lines[label] for label in order}
    points = [point for known in drawn.values() for point in known]
    bounds = [v for p in points for v in (p.value, p.low, p.high) if v is not None]
    scale = Scale.over(bounds)
    assert scale is not None  # scores are finite
    numbers = sorted({point.x for point in points})
    low, high = axis(numbers[0]), axis(numbers[-1])

    def at(x: float, place: int = 0) -> float:
        """Lines stand beside each other by a little, so that no interval hides another."""
        left, right = LEFT + 16.0, WIDTH - NAMES - 12.0
        share = (axis(x) - low) / (high - low) if high > low else 0.5
        return round(left + share * (right - left) + 3.0 * (place - (len(order) - 1) / 2), 1)

    made = []
    for place, (label, known) in enumerate(drawn.items()):
        dots = [_dot(label, point, at(point.x, place), scale, lower) for point in known]
        cut = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
        made.append(Line(place, cut, dots[-1].y + 4, dots))
    step = math.ceil(len(numbers) / MOST_TICKS)
    return CurveChart(
        title=f"{task}: {name} {'↓' if lower else '↑'}",
        x_title=x_title,
        x_ticks=[Tick(at(number), end_text(number)) for number in numbers[::step]],
        y_ticks=[Tick(height(value, scale, lower), end_text(value)) for value in ticks(scale)],
        lines=_apart(made),
        missing=len(lines) - len(order),
    )


def _dot(label: str, point: Known, x: float, scale: Scale, lower: bool) -> Dot:
    words = f"{label} at {end_text(point.x)}: {page_score(point.value)}"
    y = height(point.value, scale, lower)
    if point.low is None or point.high is None:
        return Dot(x, y, None, None, words)
    words += f" ({page_score(point.low)} to {page_score(point.high)})"
    return Dot(x, y, height(point.low, scale, lower), height(point.high, scale, lower), words)


def _apart(lines: Sequence[Line]) -> list[Line]:
    """Names a line of text apart and inside the drawing, as near to their lines as may be."""
    found: list[Line] = []
    above = TOP
    for line in sorted(lines, key=lambda line: line.name_y):
        above = max(line.name_y, above)
        found.append(replace(line, name_y=above))
        above += LINE
    below = HEIGHT - BOTTOM + 4
    for number in reversed(range(len(found))):
        below = min(found[number].name_y, below)
        found[number] = replace(found[number], name_y=round(below, 1))
        below -= LINE
    return sorted(found, key=lambda line: line.number)
