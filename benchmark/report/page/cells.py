"""Rows and cells of the page's table: models that were run, then published ones.

A column's scores and intervals are drawn on one common scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmark.models.specs import FLOORS
from benchmark.report.published import published_label
from benchmark.report.standings import Leaderboard
from benchmark.statistics import RankRange

STEPS = 5  # at least so many steps of the scale between the least and the greatest value
WIDTH = 100.0  # of a drawing, in units of its viewBox


@dataclass(frozen=True)
class Scale:
    """Ends of a linear scale, round numbers."""

    low: float
    high: float

    @staticmethod
    def over(values: Iterable[float]) -> Scale | None:
        """The scale that holds all finite values; None if there are none."""
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            return None
        low, high = min(finite), max(finite)
        step = _round_step((high - low) / STEPS or abs(high) / STEPS or 1.0)
        if low == high:
            return Scale(_multiple(low / step - 1, step), _multiple(low / step + 1, step))
        return Scale(
            _multiple(math.floor(low / step + 1e-9), step),
            _multiple(math.ceil(high / step - 1e-9), step),
        )

    def position(self, value: float) -> float:
        """Where a value is drawn, from 0 to `WIDTH`; beyond the ends (or infinite), at the end."""
        share = (value - self.low) / (self.high - self.low)
        return round(WIDTH * min(max(share, 0.0), 1.0), 2)


def _round_step(step: float) -> float:
    """The least of 1, 2, 5, 10, ... times a power of ten that is not below ``step``."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= step * (1 - 1e-9))


def _multiple(count: float, step: float) -> float:
    """``count`` steps, without the rounding that shows as 0.30000000000000004."""
    return float(f"{count * step:.12g}")


Order = Literal["ascending", "descending"]


@dataclass(frozen=True)
class PageRow:
    """A model.

    Attributes:
        label: Its name, unlike all others.
        name: The same as shown.
        published: Whether its scores are copied from the public leaderboard.
        floor: Whether it is there to be beaten.
        url: Where a published one's code or paper is.
        submitted: When a published one was.
    """

    label: str
    name: str
    published: bool = False
    floor: bool = False
    url: str = ""
    submitted: str = ""


@dataclass(frozen=True)
class Bar:
    """A drawn score; positions on the column's scale, see `Scale.position`.

    ``low`` and ``high`` are None where there is no interval.
    """

    at: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class PageCell:
    """What one cell shows.

    Attributes:
        text: The number.
        value: What the column is sorted by; None sorts last.
        bar: The drawing beside it.
        interval: The drawing in words.
        ranks: Ranks that the tests allow.
        best: Whether no other row is significantly better (see `Leaderboard.is_best`).
        remark: Id of the list item below the table that says what is wrong with the cell.
        failed: Whether there is no score because the cell failed.
    """

    text: str
    value: float | str | None = None
    bar: Bar | None = None
    interval: str = ""
    ranks: RankRange | None = None
    best: bool = False
    remark: str = ""
    failed: bool = False


@dataclass(frozen=True)
class PageColumn:
    """A column of the table.

    Attributes:
        group: ``"name"``, ``"overall"``, a family of tasks, or ``"cost"``.
        title: First line of the head.
        subtitle: Second line.
        first: The order of the first sort: best first.
        cells: One per row.
        scale: Of the drawings.
        mark: Stands behind the title where a note below is about the task.
    """

    group: str
    title: str
    subtitle: str
    first: Order
    cells: list[PageCell]
    scale: Scale | None = None
    mark: str = ""

    @property
    def order(self) -> list[int | None]:
        """Each cell's place in ascending order, equal values alike; None for what sorts last.

        The page's script sorts by these, and so needs no infinities, which JSON lacks.
        """
        keys = [_key(cell.value) for cell in self.cells]
        known = sorted({key for key in keys if key is not None})
        places = {key: place for place, key in enumerate(known)}
        return [None if key is None else places[key] for key in keys]

    @property
    def ties(self) -> list[int | None]:
        """Each cell's first possible rank, which names its tie group."""
        return [cell.ranks.first if cell.ranks else None for cell in self.cells]


@dataclass(frozen=True)
class Remark:
    """An item of a list below the table that cells link to."""

    id: str
    label: str
    text: str
    tasks: list[str] = field(default_factory=list)


def sorted_rows(columns: Sequence[PageColumn], by: int | None, rows: int) -> list[int]:
    """Row numbers in a column's first order, blanks last; as they are where ``by`` is None."""
    if by is None:
        return list(range(rows))
    order = columns[by].order
    sign = 1 if columns[by].first == "ascending" else -1
    places = [math.inf if place is None else sign * place for place in order]
    return sorted(range(rows), key=places.__getitem__)


def _key(value: float | str | None) -> tuple[float, str] | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return (0.0, value.casefold()) if isinstance(value, str) else (float(value), "")


def page_rows(standings: Leaderboard) -> list[PageRow]:
    """Own rows in the order of the board, then published ones in the order of the leaderboard."""
    own = [
        PageRow(module.label, module.label, floor=module.module in FLOORS)
        for module in standings.board.modules
    ]
    published = {
        score.model: PageRow(
            label=published_label(score.model),
            name=score.model,
            published=True,
            url=_web(score.url),
            submitted=score.submitted,
        )
        for scores in standings.published.values()
        for score in scores
    }
    return [*own, *published.values()]


def _web(url: str) -> str:
    """The address if it is one of the web: no link of the page may run a script."""
    return url if url.startswith(("https://", "http://")) else ""
