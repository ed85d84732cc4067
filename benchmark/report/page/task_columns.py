"""The page's columns of scores, one per task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmark.published import PublishedScore
from benchmark.report.page.cell import Bar, PageCell, PageColumn, PageRow, Remark
from benchmark.report.page.numbers import NONE, page_score
from benchmark.report.page.scale import Scale
from benchmark.report.standings import Standings
from benchmark.results.cells import TaskFacts
from benchmark.statistics import Interval
from benchmark.table_notes import score_name

Remarks = Mapping[tuple[str, str], Remark]


def task_column(
    standings: Standings,
    task: TaskFacts,
    rows: Sequence[PageRow],
    failures: Remarks,
    published_notes: Remarks,
) -> PageColumn:
    """Scores of all rows on a task, drawn on one scale.

    Args:
        standings: All that is known.
        task: The column.
        rows: The page's rows.
        failures: Why cells failed, by (row label, reason).
        published_notes: What published scores do not mean, by (published row, note).
    """
    published = {score.model: score for score in standings.published.get(task.task, [])}
    scale = Scale.over(_drawn(standings, task))
    cells = [
        _published_cell(published.get(row.name), scale, published_notes)
        if row.published
        else _cell(standings, row.label, task, scale, failures)
        for row in rows
    ]
    return PageColumn(
        group=task.family,
        title=task.task,
        subtitle=_subtitle(task),
        first="descending" if task.better == "higher" else "ascending",
        cells=cells,
        scale=scale,
        mark="†" if task.notice else "",
    )


def score_bar(value: float, interval: Interval | None, scale: Scale) -> Bar:
    """The drawing of a score and its interval, if it has one."""
    at = scale.position(value)
    if interval is None or math.isnan(interval.low):
        return Bar(at)
    return Bar(at, scale.position(interval.low), scale.position(interval.high))


def interval_text(interval: Interval | None, decimals: int = 3) -> str:
    """``"0.548 – 0.596"``; empty where there is none."""
    if interval is None or math.isnan(interval.low):
        return ""
    return " – ".join(page_score(bound, decimals) for bound in interval)


def _drawn(standings: Standings, task: TaskFacts) -> list[float]:
    """All that the scale must hold; a published score that says nothing may not stretch it."""
    values = [score.value for score in standings.published.get(task.task, []) if score.note is None]
    for module in standings.board.modules:
        standing = standings.standings.get((module.label, task.task))
        if standing and standing.entry.primary is not None:
            values += [standing.entry.primary, *(standing.interval or ())]
    return values


def _subtitle(task: TaskFacts) -> str:
    """The score with its arrow on the same line, and the folds."""
    folds = f", {task.folds} folds" if task.folds > 1 else ""
    return score_name(task).replace(" ", "\N{NO-BREAK SPACE}") + folds


def _cell(
    standings: Standings, label: str, task: TaskFacts, scale: Scale | None, failures: Remarks
) -> PageCell:
    standing = standings.standings.get((label, task.task))
    if standing is None or standing.not_run:
        return PageCell("not run")
    entry = standing.entry
    value = entry.primary
    if value is None:
        reason = entry.reason or ""
        return PageCell("failed", remark=failures[label, reason].id, failed=True)
    drawn = not math.isnan(value)
    return PageCell(
        text=page_score(value),
        value=value,
        bar=score_bar(value, standing.interval, scale) if drawn and scale else None,
        interval=interval_text(standing.interval),
        ranks=standing.ranks,
        best=standings.is_best(label, task.task),
    )


def _published_cell(score: PublishedScore | None, scale: Scale | None, notes: Remarks) -> PageCell:
    if score is None:
        return PageCell(NONE)
    if score.note:  # drawn nowhere: the scale leaves it out
        remark = notes[score.model, score.note]
        return PageCell(page_score(score.value), score.value, remark=remark.id)
    bar = score_bar(score.value, None, scale) if scale else None
    return PageCell(page_score(score.value), score.value, bar)
