"""``leaderboard_short.md``: a table narrow enough for a README."""

from __future__ import annotations

from benchmark.report.leaderboard_markdown import task_head
from benchmark.report.markdown_table import escape, markdown_table
from benchmark.report.numbers import count_text, score_text, speed_text
from benchmark.report.standings import Standings
from benchmark.results.cells import ModuleFacts, speed


def short_markdown(standings: Standings) -> str:
    """Scores with rank ranges, the overall score, two costs; rows run here only."""
    board = standings.board
    overall = ["normalised score"] if standings.overall else []
    head = ["", *map(task_head, board.tasks), *overall, "parameters", "audio s / s"]
    lines = markdown_table(head, [_row(standings, module) for module in board.modules])
    return "\n".join([*lines, ""])


def score_and_ranks(standings: Standings, label: str, task: str) -> str:
    """``"0.572 (1–2)"``, ``"failed"``, or a dash for what was not run; no Markdown."""
    standing = standings.standings[label, task]
    if standing.entry.not_run:
        return "–"
    if standing.entry.primary is None:
        return "failed"
    text = score_text(standing.entry.primary)
    return f"{text} ({standing.ranks})" if standing.ranks else text


def _row(standings: Standings, module: ModuleFacts) -> list[str]:
    overall = []
    if standings.overall:
        found = standings.overall_of(module.label)
        overall = [score_text(found.normalised, 2) if found else "–"]
    return [
        escape(module.label),
        *(_short_score(standings, module.label, task.task) for task in standings.board.tasks),
        *overall,
        count_text(module.parameters),
        speed_text(speed(standings.board.cells(module))),
    ]


def _short_score(standings: Standings, label: str, task: str) -> str:
    score, _, ranks = score_and_ranks(standings, label, task).partition(" ")
    bold = f"**{score}**" if standings.is_best(label, task) else score
    return f"{bold} {ranks}".rstrip()
