"""The answer first: for each family of tasks, which model leads and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.report.numbers import score_text
from benchmark.report.published import published_label, published_scores
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import TaskFacts
from benchmark.results.leaderboard import FAMILIES

NAMED = 2  # published leads


@dataclass(frozen=True)
class Leader:
    """The model that leads a family of tasks.

    Attributes:
        family: Of the tasks.
        tasks: How many it has.
        label: Row label.
        name: As shown.
        sentences: What is known of its lead; the first begins after the name.
    """

    family: str
    tasks: int
    label: str
    name: str
    sentences: str


def leaders(standings: Leaderboard) -> list[Leader]:
    """One per family in which at least two rows can be compared."""
    found = []
    for family in FAMILIES:
        tasks = [task for task in standings.board.tasks if task.family == family]
        scores = [known for task in tasks if (known := standings.scores(task.task))]
        complete = set.intersection(*map(set, scores)) if scores else set()
        if len(complete) < 2 or len(scores) < len(tasks):
            continue
        ranks = {label: _mean_rank(label, tasks, scores) for label in sorted(complete)}
        label = min(ranks, key=ranks.__getitem__)
        equal = [other for other in ranks if other != label and ranks[other] == ranks[label]]
        how = _one_task if len(tasks) == 1 else _several_tasks
        published = {published_label(row.model): row.model for row in published_scores()}
        sentences = how(standings, tasks, label, len(complete), _has(equal))
        ahead = [] if label in published else _published_ahead(standings, tasks)
        name = f"{published[label]} (published)" if label in published else label
        found.append(Leader(family, len(tasks), label, name, " ".join([sentences, *ahead])))
    return found


def _mean_rank(label: str, tasks: Sequence[TaskFacts], scores: Sequence[dict[str, float]]) -> float:
    """Over the tasks, of the plain scores: how many rows are ahead."""
    ahead = 0
    for task, known in zip(tasks, scores, strict=True):
        sign = 1 if task.better == "higher" else -1
        ahead += sum(sign * value > sign * known[label] for value in known.values())
    return ahead / len(tasks)


def _has(equal: Sequence[str]) -> str:
    """``"has"``, or with whom the leader shares its place."""
    if not equal:
        return "has"
    return f"shares with {equal[0] if len(equal) == 1 else f'{len(equal)} other rows'}"


def _one_task(
    standings: Leaderboard, tasks: Sequence[TaskFacts], label: str, rows: int, has: str
) -> str:
    (task,) = tasks
    score = standings.scores(task.task)[label]
    place = standings.standings.get((label, task.task))
    interval = place.interval if place else None
    text = f"{has} the best score of {rows} rows, {score_text(score)}"
    if interval and not math.isnan(interval.low):
        text += f" (95 % interval {score_text(interval.low)} to {score_text(interval.high)})"
    if task.task not in standings.comparisons:
        return f"{text}. Nothing was tested, as no predictions were kept."
    ranks = standings.ranks[task.task].get(label)
    if ranks is None:
        return f"{text}. It was not tested, as its predictions were not kept."
    rivals = ranks.last - ranks.first
    if rivals < 1 and place is None:
        return f"{text}. It lies beyond the 95 % interval of every row run here."
    if rivals < 1:
        return f"{text}. The tests put it ahead of every other row."
    others = "One other row is" if rivals == 1 else f"{rivals} other rows are"
    return f"{text}. {others} not told apart from it, so its lead may be chance."


def _several_tasks(
    standings: Leaderboard, tasks: Sequence[TaskFacts], label: str, rows: int, has: str
) -> str:
    best = [_best(standings, task) for task in tasks]
    top = sum(label in names for names in best)
    alone = sum(names == [label] for names in best)
    every = "both" if len(tasks) == 2 else f"all {len(tasks)}"
    text = f"{has} the best mean rank of {rows} rows with {every} tasks."
    if not standings.comparisons:
        return f"{text} Nothing was tested, as no predictions were kept."
    if top == 0:
        return f"{text} But on every single task another row is significantly better."
    if alone == len(tasks):
        return f"{text} On each of them the tests put it ahead of every other row."
    lead = f"No row is significantly better on {top} of them"
    if not alone:
        return f"{text} {lead}, but on none is it ahead of every other row."
    return f"{text} {lead}; on {alone} it is ahead of every other row."


def _best(standings: Leaderboard, task: TaskFacts) -> list[str]:
    return [row for row in standings.scores(task.task) if standings.is_best(row, task.task)]


def _published_ahead(standings: Leaderboard, tasks: Sequence[TaskFacts]) -> list[str]:
    """Where published rows, which lack the family's other tasks, beat all rows run here."""
    own = {module.label for module in standings.board.modules}
    ahead = []
    for task in tasks:
        best = _best(standings, task)
        if best and not own & set(best):
            score = standings.scores(task.task)[best[0]]
            ahead.append(f"{best[0]}, {score_text(score)}, on {task.task}")
    if not ahead:
        return []
    rest = f" and {len(ahead) - NAMED} more" if len(ahead) > NAMED else ""
    return [f"Published scores are ahead of all rows run here: {'; '.join(ahead[:NAMED])}{rest}."]
