"""What the page's script reads: names, orders, scores and the paired tests, as short as can be."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.report.page.cells import PageColumn, PageRow
from benchmark.report.standings import Leaderboard
from benchmark.statistics import Comparisons
from msssl_common.messages import printable

UNIT = 10_000  # scores, differences and p-values are written as whole ten-thousandths


def script_data(
    standings: Leaderboard, rows: Sequence[PageRow], columns: Sequence[PageColumn]
) -> dict[str, object]:
    """Rows, columns and tests; column 0 is the rows' names. No infinities, which JSON lacks."""
    names = sorted(row.name.casefold() for row in rows)
    head: dict[str, object] = {
        "title": "model",
        "group": "name",
        "first": "ascending",
        "order": [names.index(row.name.casefold()) for row in rows],
        "ties": [None for _ in rows],
    }
    places = {row.label: number for number, row in enumerate(rows)}
    return {
        "rows": [_row(row) for row in rows],
        "columns": [head, *(_column(standings, column, places) for column in columns)],
        "unit": UNIT,
    }


def _row(row: PageRow) -> dict[str, object]:
    return {
        "name": printable(row.name),
        "kind": row.kind,
        "use": row.use,
        "folded": row.folded,
        "parameters": row.parameters,
    }


def _column(
    standings: Leaderboard, column: PageColumn, places: dict[str, int]
) -> dict[str, object]:
    facts: dict[str, object] = {
        "title": printable(column.title),
        "score": column.subtitle,
        "group": column.group,
        "first": column.first,
        "order": column.order,
        "ties": column.ties,
    }
    if column.scale is None:
        return facts
    facts["values"] = [_whole(cell.value) for cell in column.cells]
    facts["bounds"] = [
        cell.bounds and [_whole(bound) for bound in cell.bounds] for cell in column.cells
    ]
    tests = standings.comparisons.get(column.title)
    if tests is not None and column.group not in ("overall", "cost"):
        facts["tests"] = _tests(tests, places)
    return facts


def _tests(tests: Comparisons, places: dict[str, int]) -> dict[str, object]:
    """Of the pairs (0, 1), (0, 2), ..., (1, 2), ...: bounds of the differences, and p."""
    size = len(tests.models)
    pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
    return {
        "rows": [places[name] for name in tests.models],
        "low": [_whole(float(tests.low[pair])) for pair in pairs],
        "high": [_whole(float(tests.high[pair])) for pair in pairs],
        "p": [_whole(float(tests.adjusted[pair])) for pair in pairs],
    }


def _whole(value: object) -> int | None:
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return round(value * UNIT)
