"""Which tasks rank models alike, and which models are good at the same tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.report.page.cells import HEAT, PageColumn, PageRow
from benchmark.scores.ranking import average_ranks

LEAST_ROWS = 10  # a correlation of fewer is hardly more than chance
LEAST_TASKS = 6


@dataclass(frozen=True)
class CorrelationCell:
    """A coefficient as text, and its place on the heat scale; empty where there is none."""

    text: str = ""
    heat: int | None = None


@dataclass(frozen=True)
class CorrelationTable:
    """Coefficients of all pairs.

    Attributes:
        title: Above it.
        note: What is compared.
        names: Of rows and columns.
        cells: Row by row.
    """

    title: str
    note: str
    names: list[str]
    cells: list[list[CorrelationCell]]


def correlation_tables(
    rows: Sequence[PageRow], columns: Sequence[PageColumn]
) -> list[CorrelationTable]:
    """Spearman's rank correlation of tasks over rows, and of rows run here over tasks.

    Args:
        rows: Of the page.
        columns: Tasks. Tables need `LEAST_ROWS` rows or `LEAST_TASKS` tasks with both scores.
    """
    scores = _scores(columns)
    tables = []
    if len(rows) >= LEAST_ROWS and len(columns) > 1:
        cells = _coefficients(scores, LEAST_ROWS)
        note = "Spearman's rank correlation over all rows that have both scores."
        names = [column.title for column in columns]
        tables.append(CorrelationTable("Tasks that rank models alike", note, names, cells))
    own = [place for place, row in enumerate(rows) if not row.published]
    if len(rows) >= LEAST_ROWS and len(own) > 1 and len(columns) >= LEAST_TASKS:
        cells = _coefficients(_standardised(scores)[:, own].T, LEAST_TASKS)
        note = (
            "Spearman's rank correlation over tasks of the scores standardised per task: above 0, "
            "two models are strong and weak at the same tasks."
        )
        names = [rows[place].name for place in own]
        tables.append(CorrelationTable("Models that are good at the same", note, names, cells))
    return [table for table in tables if any(cell.text for row in table.cells for cell in row)]


def _scores(columns: Sequence[PageColumn]) -> NDArray[np.float64]:
    """More is better, shape (tasks, rows); NaN where a score is not compared."""
    return np.array(
        [
            [
                (1 if column.first == "descending" else -1) * cell.value
                if isinstance(cell.value, float) and cell.heat is not None
                else math.nan
                for cell in column.cells
            ]
            for column in columns
        ]
    )


def _standardised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.isfinite(scores)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, scores, 0).sum(axis=1, keepdims=True) / count
    spread = np.sqrt((np.where(known, scores - mean, 0) ** 2).sum(axis=1, keepdims=True) / count)
    return np.asarray((scores - mean) / np.where(spread > 0, spread, 1))


def _coefficients(series: NDArray[np.float64], least: int) -> list[list[CorrelationCell]]:
    """Of all pairs of rows of ``series``; none where fewer than ``least`` places have both."""
    size = len(series)
    table = [[CorrelationCell() for _ in range(size)] for _ in range(size)]
    for a in range(size):
        for b in range(a):
            both = np.isfinite(series[a]) & np.isfinite(series[b])
            if both.sum() >= least:
                cell = _cell(spearman(series[a][both], series[b][both]))
                table[a][b] = table[b][a] = cell
    return table


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Pearson's correlation of the ranks; NaN where a series has equal values only."""
    ranks = average_ranks(np.stack([a, b], axis=1)).T
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1)
    return float(centred[0] @ centred[1] / norms.prod()) if norms.all() else math.nan


def _cell(coefficient: float) -> CorrelationCell:
    if math.isnan(coefficient):
        return CorrelationCell()
    text = f"{coefficient:.2f}".replace("-", "−")
    return CorrelationCell(text, round(coefficient * HEAT))
