"""Rows and cells of the page's table: models that were run, then published ones."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from benchmark.models.specs import BASELINES, FLOORS
from benchmark.report.licences import Use, use_of
from benchmark.report.page.scale import Scale
from benchmark.report.published import published_label
from benchmark.report.standings import Leaderboard
from benchmark.statistics import RankRange

HEAT = 4  # half standard deviations on either side of the mean
Order = Literal["ascending", "descending"]
Kind = Literal["model", "baseline", "floor", "published"]


@dataclass(frozen=True)
class PageRow:
    """A model.

    Attributes:
        label: Its name, unlike all others.
        name: The same as shown.
        kind: ``"floor"`` is there to be beaten, ``"published"`` copied from the public leaderboard.
        parameters: Their number; None if unknown.
        licence: Of the weights, an SPDX expression; empty if it is not known.
        folded: Whether it is hidden at first, as it has a score in less than half of the tasks.
        url: Where a published one's code or paper is.
        submitted: When a published one was.
    """

    label: str
    name: str
    kind: Kind = "model"
    parameters: int | None = None
    licence: str = ""
    folded: bool = False
    url: str = ""
    submitted: str = ""

    @property
    def published(self) -> bool:
        """Whether it was not run here."""
        return self.kind == "published"

    @property
    def use(self) -> Use:
        """What the licence allows."""
        return use_of(self.licence)

    @property
    def floor(self) -> bool:
        """Whether it is there to be beaten."""
        return self.kind == "floor"


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
        bounds: The interval itself; None where there is none.
        ranks: Ranks among all rows that the column can compare (see `Leaderboard.ranks`).
        heat: From -4 to 4: how many half standard deviations the score is better than the column's
            mean; None where it is not compared.
        best: Whether no other row is significantly better (see `Leaderboard.is_best`).
        remark: Id of the list item below the table that says what is wrong with the cell.
        failed: Whether there is no score because the cell failed.
    """

    text: str
    value: float | str | None = None
    bar: Bar | None = None
    interval: str = ""
    bounds: tuple[float, float] | None = None
    ranks: RankRange | None = None
    heat: int | None = None
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
        beside: What the column has in folded rows, in words.
    """

    group: str
    title: str
    subtitle: str
    first: Order
    cells: list[PageCell]
    scale: Scale | None = None
    mark: str = ""
    beside: str = ""

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
        PageRow(module.label, module.label, _kind(module.module), module.parameters, module.licence)
        for module in standings.board.modules
    ]
    scores = [score for scores in standings.published.values() for score in scores]
    joined = Counter(score.model for score in scores)
    published = {
        score.model: PageRow(
            label=published_label(score.model),
            name=score.model,
            kind="published",
            folded=2 * joined[score.model] < len(standings.board.tasks),
            url=_web(score.url),
            submitted=score.submitted,
        )
        for score in scores
    }
    return [*own, *published.values()]


def _kind(module: str) -> Kind:
    if module in FLOORS:
        return "floor"
    return "baseline" if module.startswith(f"{BASELINES}.") else "model"


def _web(url: str) -> str:
    """The address if it is one of the web: no link of the page may run a script."""
    return url if url.startswith(("https://", "http://")) else ""


def with_heat(columns: Sequence[PageColumn]) -> list[PageColumn]:
    """Columns whose scores know how far they are from the mean of their column."""
    return [_heated(column) if column.scale else column for column in columns]


def _heated(column: PageColumn) -> PageColumn:
    """A remark beside a score says that it means nothing, so such scores are left out."""
    sign = 1.0 if column.first == "descending" else -1.0
    known = {
        place: sign * cell.value
        for place, cell in enumerate(column.cells)
        if isinstance(cell.value, float) and math.isfinite(cell.value) and not cell.remark
    }
    spread = statistics.pstdev(known.values()) if len(known) > 1 else 0.0
    if spread <= 1e-9:
        return column
    mean = statistics.fmean(known.values())
    steps = {
        place: max(-HEAT, min(HEAT, round((value - mean) / spread * 2)))
        for place, value in known.items()
    }
    cells = [replace(cell, heat=steps.get(place)) for place, cell in enumerate(column.cells)]
    return replace(column, cells=cells)
