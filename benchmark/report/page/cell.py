"""Rows, columns and cells of the page's table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmark.report.page.scale import Scale
from benchmark.statistics import RankRange

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
        best: Whether no other row is significantly better (see `Standings.is_best`).
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
