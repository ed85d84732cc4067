"""Overall scores of a table's rows, published ones among them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.report.published import PublishedScore, published_label
from benchmark.results.cells import TaskFacts
from benchmark.results.leaderboard import ResultTable
from benchmark.statistics import Interval, Overall, Replicates, overall_scores

NOTHING = Interval(math.nan, math.nan)


def overall_of_tasks(
    board: ResultTable,
    resampled: Mapping[str, Replicates],
    published: Mapping[str, Sequence[PublishedScore]],
) -> list[Overall]:
    """Over the tasks that somebody has a score in; empty where these are fewer than two.

    Args:
        board: The table.
        resampled: By task name. Scores without, like published ones, are taken as exact; a row that
            has one gets no interval (NaN), as it would be too narrow.
        published: By task name.
    """
    resamples = next((found.values.shape[1] for found in resampled.values()), 1)
    columns = [
        _with_exact_rows(board, task, resampled.get(task.task), published[task.task], resamples)
        for task in board.tasks
    ]
    scored = [column for column in columns if np.isfinite(column.estimates).any()]
    if len(scored) < 2:
        return []
    models = [set(resampled[c.task].models) if c.task in resampled else set() for c in scored]
    known: set[str] = set.intersection(*models)
    return [
        row
        if row.model in known
        else row._replace(normalised_interval=NOTHING, mean_rank_interval=NOTHING)
        for row in overall_scores(scored)
    ]


def _with_exact_rows(
    board: ResultTable,
    task: TaskFacts,
    resampled: Replicates | None,
    published: Sequence[PublishedScore],
    resamples: int,
) -> Replicates:
    """A task's resampled scores, and as constants those that cannot be resampled."""
    known = dict(zip(resampled.models, resampled.values, strict=True)) if resampled else {}
    scores = {
        module.label: board.entries[module.label, task.task].primary for module in board.modules
    }
    estimates = {label: score for label, score in scores.items() if score is not None}
    estimates |= {published_label(row.model): row.value for row in published}
    values = [known.get(label, np.full(resamples, score)) for label, score in estimates.items()]
    return Replicates(
        task=task.task,
        better=task.better,
        models=tuple(estimates),
        estimates=np.array(list(estimates.values())),
        values=np.stack(values) if values else np.empty((0, resamples)),
        drawn=resampled.drawn if resampled else 0,
    )
