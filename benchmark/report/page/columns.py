"""The page's columns: a score per task, overall scores, costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from benchmark.report.notes import score_name
from benchmark.report.numbers import NONE, count_text, memory_text, page_score, speed_text
from benchmark.report.page.cells import Bar, Order, PageCell, PageColumn, PageRow, Remark
from benchmark.report.page.scale import Scale
from benchmark.report.published import PublishedScore, published_label
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import ModuleFacts, TaskFacts, peak_memory, speed
from benchmark.statistics import Interval

Remarks = Mapping[tuple[str, str], Remark]


def task_column(
    standings: Leaderboard,
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
        _published_cell(standings, published.get(row.name), scale, published_notes)
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
        beside=_folded_scores(standings, task, rows),
    )


def _folded_scores(standings: Leaderboard, task: TaskFacts, rows: Sequence[PageRow]) -> str:
    """``"published: 0.190 to 0.966"`` where the rows that have these scores are folded."""
    scores = standings.scores(task.task)
    values = [scores[row.label] for row in rows if row.folded and row.label in scores]
    if not values:
        return ""
    return f"{len(values)} published: {page_score(min(values))} to {page_score(max(values))}"


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


def _drawn(standings: Leaderboard, task: TaskFacts) -> list[float]:
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
    standings: Leaderboard, label: str, task: TaskFacts, scale: Scale | None, failures: Remarks
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
        bounds=_bounds(standing.interval),
        ranks=standings.ranks[task.task].get(label),
        best=standings.is_best(label, task.task),
    )


def _bounds(interval: Interval | None) -> tuple[float, float] | None:
    return None if interval is None or math.isnan(interval.low) else (interval.low, interval.high)


def _published_cell(
    standings: Leaderboard, score: PublishedScore | None, scale: Scale | None, notes: Remarks
) -> PageCell:
    if score is None:
        return PageCell(NONE)
    if score.note:  # drawn nowhere: the scale leaves it out
        remark = notes[score.model, score.note]
        return PageCell(page_score(score.value), score.value, remark=remark.id)
    label = published_label(score.model)
    return PageCell(
        text=page_score(score.value),
        value=score.value,
        bar=score_bar(score.value, None, scale) if scale else None,
        ranks=standings.ranks[score.task].get(label),
        best=standings.is_best(label, score.task),
    )


Scores = Mapping[str, tuple[float, Interval]]
NOTHING = Interval(math.nan, math.nan)


def overall_columns(standings: Leaderboard, rows: Sequence[PageRow]) -> list[PageColumn]:
    """HEAR's normalised score and the mean rank; nothing where there is no overall score.

    Of one row alone they say nothing: the columns then have dashes.
    """
    if not standings.overall:
        return []
    found = standings.compared
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
    return PageCell(
        page_score(value, decimals),
        value,
        score_bar(value, interval, scale),
        interval_text(interval, decimals),
        _bounds(interval),
    )


def cost_columns(standings: Leaderboard, rows: Sequence[PageRow]) -> list[PageColumn]:
    """Parameters, embedding sizes, speed and memory; published rows have none of them."""
    board = standings.board
    own = {module.label: module for module in board.modules}
    modules = [None if row.published else own[row.label] for row in rows]

    def column(
        title: str, subtitle: str, first: Order, cell: Callable[[ModuleFacts], PageCell]
    ) -> PageColumn:
        cells = [cell(module) if module else PageCell(NONE) for module in modules]
        return PageColumn("cost", title, subtitle, first, cells)

    return [
        column("parameters", "", "ascending", _parameters),
        column("embedding size", "scene / frame", "ascending", _embedding_size),
        column(
            "speed",
            "audio\N{NO-BREAK SPACE}s\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}s",
            "descending",
            lambda m: _speed(speed(board.cells(m))),
        ),
        column("peak memory", "", "ascending", lambda m: _memory(peak_memory(board.cells(m)))),
    ]


def _parameters(module: ModuleFacts) -> PageCell:
    return PageCell(count_text(module.parameters) or NONE, module.parameters)


def _embedding_size(module: ModuleFacts) -> PageCell:
    """Of a scene, and of a frame where it differs; sorted by the scene's."""
    sizes = [module.scene_embedding_size, module.timestamp_embedding_size]
    known = dict.fromkeys(size for size in sizes if size is not None)
    return PageCell(" / ".join(map(str, known)) or NONE, next(iter(known), None))


def _speed(value: float | None) -> PageCell:
    return PageCell(speed_text(value) or NONE, value)


def _memory(value: int | None) -> PageCell:
    return PageCell(memory_text(value) or NONE, value)
