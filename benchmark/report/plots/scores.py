"""Scores with their intervals: a panel per task, a line per model."""

from __future__ import annotations

import math
from collections.abc import Collection

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from benchmark.report.notes import score_name
from benchmark.report.numbers import score_text
from benchmark.report.plots.style import FAINT, INK, Look, looks, short, styled
from benchmark.report.standings import Leaderboard, Standing
from benchmark.results.cells import TaskFacts

PANEL_WIDTH, ROW_HEIGHT, HEAD_HEIGHT = 4.6, 0.36, 1.1  # inches


@styled
def scores_figure(standings: Leaderboard) -> Figure:
    """Scores of all tasks, in each the best model on top; the better side is the right one."""
    tasks = standings.board.tasks
    columns = min(len(tasks), 2 if len(tasks) <= 4 else 3)
    lines = -(-len(tasks) // columns)
    published = any(standings.published.values())
    rows = len(standings.board.modules) + published
    height = lines * (HEAD_HEIGHT + rows * ROW_HEIGHT) + 0.9
    figure = Figure(figsize=(columns * PANEL_WIDTH + 0.4, height), layout="constrained")
    title = "Scores with 95 % intervals over test clips"
    if len(tasks) > 1:
        title += "; each task has a scale of its own"
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    look = looks(standings.board.modules)
    for panel, task in zip(panels, tasks, strict=False):
        _draw_task(panel, standings, task, look, rows)
    for panel in panels[len(tasks) :]:
        panel.set_axis_off()
    handles, words = _legend(look.values(), published)
    wide = {tuple: HandlerTuple(ndivide=None, pad=0.4)}
    # The stubs do not know that a tuple of artists is one symbol.
    figure.legend(  # type: ignore[call-overload]
        handles, words, loc="outside lower left", ncols=3, handler_map=wide
    )
    return figure


def _draw_task(
    panel: Axes, standings: Leaderboard, task: TaskFacts, look: dict[str, Look], rows: int
) -> None:
    labels = best_first(standings, task)
    places = [standings.standings[label, task.task] for label in labels]
    for row, (label, standing) in enumerate(zip(labels, places, strict=True)):
        _draw_score(panel, row, standing, look[label])
    # Scores with a note do not measure the model.
    rows_there = standings.published.get(task.task, [])
    published = [found.value for found in rows_there if not found.note]
    if published:
        labels.append(f"{len(published)} published")
        panel.scatter(
            published, [len(labels) - 1] * len(published), s=60, c=FAINT, marker="|", lw=1
        )
    _draw_floor(panel, standings, task, look)
    panel.set_title(f"{short(task.task, 44)}\n{score_name(task)}")
    panel.set_yticks(range(len(labels)), [short(label) for label in labels])
    panel.set_ylim(rows - 0.4, -0.6)
    for tick, label in zip(panel.get_yticklabels(), labels, strict=True):
        if (label, task.task) in standings.standings and standings.is_best(label, task.task):
            tick.set_fontweight("bold")
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.margins(x=0.06)
    panel.grid(axis="x")
    if task.better == "lower":
        panel.invert_xaxis()


def _draw_score(panel: Axes, row: int, standing: Standing, look: Look) -> None:
    """Point, interval and number; in their place the reason why there is none."""
    score = standing.entry.primary
    number = _words(standing) or score_text(score or 0.0)
    right = panel.get_yaxis_transform()
    panel.text(1.02, row, number, transform=right, va="center", color=INK if score else FAINT)
    if score is None or not math.isfinite(score):
        return
    interval = standing.interval
    if interval and all(map(math.isfinite, interval)):
        panel.plot(interval, [row, row], color=look.colour, lw=2.2, solid_capstyle="butt")
    panel.plot(score, row, look.marker, ms=7, mec=look.colour, mfc=look.face, mew=1.6)


def _words(standing: Standing) -> str:
    if standing.not_run:
        return "not run"
    if standing.entry.reason:
        return "failed"
    score = standing.entry.primary
    return "" if score is not None and math.isfinite(score) else f"{score}"


def _draw_floor(
    panel: Axes, standings: Leaderboard, task: TaskFacts, look: dict[str, Look]
) -> None:
    """A line through the best floor: what every model has to beat."""
    floors = [label for label in best_first(standings, task) if look[label].is_floor]
    scores = [standings.standings[label, task.task].entry.primary for label in floors]
    known = [score for score in scores if score is not None and math.isfinite(score)]
    if known:
        panel.axvline(known[0], color=FAINT, lw=1, ls=(0, (3, 3)), zorder=0)


def best_first(standings: Leaderboard, task: TaskFacts) -> list[str]:
    """Rows by score; failed and undefined ones last."""
    sign = -1.0 if task.better == "higher" else 1.0

    def place(label: str) -> float:
        score = standings.standings[label, task.task].entry.primary
        return math.inf if score is None or math.isnan(score) else sign * score

    return sorted((module.label for module in standings.board.modules), key=place)


def _legend(
    looks: Collection[Look], published: bool
) -> tuple[list[Line2D | tuple[Line2D, ...]], list[str]]:
    """Symbols and their words: every marker that is used, filled for models, hollow for floors."""
    handles: list[Line2D | tuple[Line2D, ...]] = []
    words = []
    for is_floor, name in ((False, "model (filled)"), (True, "floor (hollow)")):
        used = dict.fromkeys(look.marker for look in looks if look.is_floor == is_floor)
        if used:
            handles.append(tuple(_symbol(marker, is_floor) for marker in used))
            words.append(name)
    handles.append(Line2D([], [], color=FAINT, lw=2.2))
    words.append("95 % interval")
    if any(look.is_floor for look in looks):
        handles.append(Line2D([], [], ls=(0, (3, 3)), color=FAINT, lw=1))
        words.append("best floor, to be beaten")
    if published:
        handles.append(_symbol("|", False))
        words.append("public HEAR leaderboard")
    handles.append(Line2D([], [], ls=""))
    words.append("bold name: no other row is significantly better")
    return handles, words


def _symbol(marker: str, is_hollow: bool) -> Line2D:
    face = "white" if is_hollow else FAINT
    return Line2D([], [], ls="", marker=marker, color=FAINT, mec=FAINT, mfc=face, ms=7.0)
