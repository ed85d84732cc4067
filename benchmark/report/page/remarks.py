"""What is wrong with single cells: why they failed, what published ones do not mean."""

from __future__ import annotations

from benchmark.report.page.cell import Remark
from benchmark.report.standings import Standings


def failures(standings: Standings) -> dict[tuple[str, str], Remark]:
    """By (row label, reason); a module that cannot be loaded has one for all its tasks."""
    found: dict[tuple[str, str], Remark] = {}
    for module in standings.board.modules:
        for task in standings.board.tasks:
            standing = standings.standings.get((module.label, task.task))
            if standing and standing.entry.reason and not standing.not_run:
                key = (module.label, standing.entry.reason)
                _join(found, key, "failure", task.task)
    return found


def published_notes(standings: Standings) -> dict[tuple[str, str], Remark]:
    """By (published row, note)."""
    found: dict[tuple[str, str], Remark] = {}
    for task, scores in standings.published.items():
        for score in scores:
            if score.note:
                _join(found, (score.model, score.note), "published-note", task)
    return found


def _join(found: dict[tuple[str, str], Remark], key: tuple[str, str], name: str, task: str) -> None:
    label, text = key
    remark = found.setdefault(key, Remark(f"{name}-{len(found) + 1}", label, text))
    remark.tasks.append(task)
