"""Everything that the page shows, in the order in which it shows it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.report.page.cell import PageColumn, PageRow, Remark, sorted_rows
from benchmark.report.page.cost_columns import cost_columns
from benchmark.report.page.overall_columns import overall_columns
from benchmark.report.page.pairs import PairTable, pair_table
from benchmark.report.page.remarks import failures, published_notes
from benchmark.report.page.rows import page_rows
from benchmark.report.page.task_columns import task_column
from benchmark.report.standings import Standings
from benchmark.results.leaderboard import FAMILIES

GROUPS = {
    "overall": "Overall",
    "scene": "Scene tasks",
    "event": "Event tasks",
    "pitch": "Pitch tasks",
    "unknown": "Tasks that cannot be read",
    "cost": "Cost",
}


@dataclass(frozen=True)
class Page:
    """The page's parts.

    Attributes:
        rows: Models.
        columns: Overall scores, tasks, costs.
        sorted_by: Number of the column by which rows are sorted at first; None for none.
        order: Row numbers in that order.
        failures: Why cells failed.
        published_notes: What published scores do not mean.
        pairs: Paired tests, per task with at least two models.
    """

    rows: list[PageRow]
    columns: list[PageColumn]
    sorted_by: int | None
    order: list[int]
    failures: list[Remark]
    published_notes: list[Remark]
    pairs: list[PairTable]

    @property
    def groups(self) -> dict[str, int]:
        """Number of columns by group, in the order of the columns."""
        counts: dict[str, int] = {}
        for column in self.columns:
            counts[column.group] = counts.get(column.group, 0) + 1
        return counts

    @property
    def has_lone_scores(self) -> bool:
        """Whether a score is drawn without an interval."""
        cells = [cell for column in self.columns for cell in column.cells]
        return any(cell.bar is not None and cell.bar.low is None for cell in cells)

    @property
    def script_data(self) -> dict[str, object]:
        """What the page's script sorts and filters by; column 0 is the rows' names."""
        names = sorted(row.name.casefold() for row in self.rows)
        columns: list[dict[str, object]] = [
            {
                "title": "model",
                "group": "name",
                "first": "ascending",
                "order": [names.index(row.name.casefold()) for row in self.rows],
                "ties": [None for _ in self.rows],
            }
        ]
        columns += [
            {
                "title": column.title,
                "group": column.group,
                "first": column.first,
                "order": column.order,
                "ties": column.ties,
            }
            for column in self.columns
        ]
        rows = [{"name": row.name, "published": row.published} for row in self.rows]
        return {"rows": rows, "columns": columns}


def page_of(standings: Standings) -> Page:
    """Lay out a leaderboard; at first sorted by the overall score or the only task's."""
    rows = page_rows(standings)
    failed, noted = failures(standings), published_notes(standings)
    overall = overall_columns(standings, rows)
    board = standings.board
    tasks = sorted(board.tasks, key=lambda task: FAMILIES.index(task.family))
    columns = [
        *overall,
        *(task_column(standings, task, rows, failed, noted) for task in tasks),
        *cost_columns(standings, rows),
    ]
    sorted_by = 0 if overall or len(tasks) == 1 else None
    pairs = [pair_table(standings, task) for task in tasks]
    return Page(
        rows=rows,
        columns=columns,
        sorted_by=sorted_by,
        order=sorted_rows(columns, sorted_by, len(rows)),
        failures=list(failed.values()),
        published_notes=list(noted.values()),
        pairs=[table for table in pairs if table],
    )
