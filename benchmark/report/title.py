"""The title of a leaderboard that was given none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from benchmark.report.published import published_scores
from benchmark.results.cells import TaskFacts
from benchmark.results.leaderboard import ResultTable

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


def default_title(board: ResultTable) -> str:
    """``"Audio embeddings on the embedded suite: 5 models, 23 November 2026"``."""
    models = len(board.modules)
    parts = [f"{models} model{'' if models == 1 else 's'}"]
    dates = [cell.date for entry in board.entries.values() for cell in entry.cells if cell.date]
    if date := _day(max(dates, default="")):
        parts.append(date)
    return f"Audio embeddings on {_suite(board.tasks)}: {', '.join(parts)}"


def _suite(tasks: Sequence[TaskFacts]) -> str:
    names = [task.task for task in tasks]
    if len(names) == 1:
        return names[0]
    if names and all(name.startswith("embedded_") for name in names):
        return "the embedded suite"
    hear = {score.task for score in published_scores()}
    return f"{len(names)} HEAR tasks" if names and set(names) <= hear else f"{len(names)} tasks"


def _day(date: str) -> str:
    """``"23 November 2026"`` of an ISO date; empty where it is none."""
    try:
        day = datetime.fromisoformat(date)
    except ValueError:
        return ""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
