"""The page's columns of overall scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmark.report.page.cell import Order, PageCell, PageColumn, PageRow
from benchmark.report.page.numbers import NONE, page_score
from benchmark.report.page.scale import Scale
from benchmark.report.page.task_columns import interval_text, score_bar
from benchmark.report.standings import Standings
from benchmark.statistics import Interval

Scores = Mapping[str, tuple[float, Interval]]
NOTHING = Interval(math.nan, math.nan)


def overall_columns(standings: Standings, rows: Sequence[PageRow]) -> list[PageColumn]:
    """HEAR's normalised score and the mean rank; nothing where there is no overall score."""
    if not standings.overall:
        return []
    found = standings.overall
    normalised = {row.model: (row.normalised, row.normalised_interval) for row in found}
    ranks = {row.model: (row.mean_rank, row.mean_rank_interval) for row in found}
    if not standings.comparisons:  # nothing was resampled: these intervals have no width
        normalised = {name: (value, NOTHING) for name, (value, _) in normalised.items()}
        ranks = {name: (value, NOTHING) for name, (value, _) in ranks.items()}
    return [
        _column("normalised score", "−1 to 1 ↑", "descending", normalised, rows, 3),
        _column("mean rank", "over tasks ↓", "ascending", ranks, rows, 1),
    ]


def _column(
    title: str, subtitle: str, first: Order, scores: Scores, rows: Sequence[PageRow], decimals: int
) -> PageColumn:
    scale = Scale.over(value for score, interval in scores.values() for value in (score, *interval))
    cells = [_overall_cell(scores.get(row.label), scale, decimals) for row in rows]
    return PageColumn("overall", title, subtitle, first, cells, scale)


def _overall_cell(
    score: tuple[float, Interval] | None, scale: Scale | None, decimals: int
) -> PageCell:
    if score is None or scale is None:
        return PageCell(NONE)
    value, interval = score
    words = interval_text(interval, decimals)
    return PageCell(page_score(value, decimals), value, score_bar(value, interval, scale), words)
