"""Which models differ on a task: the paired tests as a matrix."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmark.report.notes import score_name
from benchmark.report.numbers import p_text, page_score
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import TaskFacts
from benchmark.results.leaderboard import Entry
from benchmark.statistics import Comparisons, tie_groups

MOST_PAIRS = 16  # rows of which a table of all pairs can be read


@dataclass(frozen=True)
class Pair:
    """A test, seen from the row's model.

    Attributes:
        verdict: ``"better"``, ``"worse"``, ``"open"``, or ``"self"`` on the diagonal.
        p: After Holm's correction.
    """

    verdict: str
    p: str = ""


@dataclass(frozen=True)
class PairRow:
    """A model and its tests; ``deviation`` is the ± of folds or seeds, empty where neither is.

    Beyond `MOST_PAIRS` models no table shows the tests, and ``pairs`` is empty.
    """

    label: str
    score: str
    deviation: str
    pairs: list[Pair]


@dataclass(frozen=True)
class PairTable:
    """All tests of a task.

    Attributes:
        task: Its name.
        family: Its family.
        score: Name of the score.
        groups: Tie groups by rank: models that equally many are significantly better than.
        rows: Best score first; columns are in the same order.
        different: How many pairs differ significantly, e.g. ``"7 of 10"``.
    """

    task: str
    family: str
    score: str
    groups: dict[int, list[str]]
    rows: list[PairRow]
    different: str


def pair_table(standings: Leaderboard, task: TaskFacts) -> PairTable | None:
    """The tests of a task; None where there are fewer than two models with predictions."""
    tests = standings.comparisons.get(task.task)
    if tests is None or len(tests.models) < 2:
        return None
    entries = {name: standings.standings[name, task.task].entry for name in tests.models}
    order = sorted(range(len(tests.models)), key=_best_first(task, tests, entries))
    place = {tests.models[row]: number for number, row in enumerate(order)}
    groups = {
        rank: sorted(names, key=place.__getitem__) for rank, names in tie_groups(tests).items()
    }
    count = len(order) * (len(order) - 1) // 2
    return PairTable(
        task=task.task,
        family=task.family,
        score=score_name(task),
        groups=groups,
        rows=[_row(tests, entries, row, order) for row in order],
        different=f"{int(tests.better.sum())} of {count}",
    )


def _best_first(
    task: TaskFacts, tests: Comparisons, entries: dict[str, Entry]
) -> Callable[[int], tuple[bool, float, str]]:
    """Equal scores by name, so that the order in which cells were read does not show."""
    sign = -1 if task.better == "higher" else 1

    def key(row: int) -> tuple[bool, float, str]:
        name = tests.models[row]
        value = entries[name].primary
        absent = value is None or math.isnan(value)
        return absent, 0.0 if value is None or absent else sign * value, name

    return key


def _row(tests: Comparisons, entries: dict[str, Entry], row: int, order: list[int]) -> PairRow:
    entry = entries[tests.models[row]]
    spread = entry.spread
    return PairRow(
        label=tests.models[row],
        score="" if entry.primary is None else page_score(entry.primary),
        deviation="" if spread is None else f"± {page_score(spread)}",
        pairs=[_pair(tests, row, column) for column in order if len(order) <= MOST_PAIRS],
    )


def _pair(tests: Comparisons, row: int, column: int) -> Pair:
    if row == column:
        return Pair("self")
    verdict = "open"
    if tests.better[row, column]:
        verdict = "better"
    elif tests.better[column, row]:
        verdict = "worse"
    return Pair(verdict, p_text(float(tests.adjusted[row, column])))
