"""``leaderboard_pairs.csv``: the paired tests behind the ranks.

``COLUMNS`` is its schema; ``results/README.md`` repeats it for readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from benchmark.report.standings import Leaderboard
from msssl_common.csv_tables import csv_table

COLUMNS = {
    "task": "folder name of the task",
    "score": "name of its first score",
    "a": "a row of the tables with predictions",
    "b": "another, below it in the table",
    "value_a": "score of a",
    "value_b": "score of b",
    "p": "two-sided p-value of the paired bootstrap test on test clips",
    "p_holm": "the same after Holm's correction over all pairs of the task",
    "better": "a or b where p_holm is at most 0.05, else empty",
}


def pairs_csv(standings: Leaderboard) -> str:
    """A row per task and pair of rows."""
    return csv_table(list(COLUMNS), _rows(standings))


def _rows(standings: Leaderboard) -> Iterator[dict[str, object]]:
    for task in standings.board.tasks:
        tests = standings.comparisons.get(task.task)
        if tests is None:
            continue
        places = {name: row for row, name in enumerate(tests.models)}
        scores = {name: standings.board.entries[name, task.task].primary for name in places}
        tested = [m.label for m in standings.board.modules if m.label in tests.models]
        for a, b in combinations(tested, 2):
            row, column = places[a], places[b]
            ahead, behind = tests.better[row, column], tests.better[column, row]
            yield {
                "task": task.task,
                "score": task.score,
                "a": a,
                "b": b,
                "value_a": scores[a],
                "value_b": scores[b],
                "p": float(tests.p[row, column]),
                "p_holm": float(tests.adjusted[row, column]),
                "better": "a" if ahead else "b" if behind else "",
            }
