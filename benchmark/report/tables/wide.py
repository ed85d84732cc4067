"""``leaderboard.csv``: the table in full precision, a row per model.

``results/README.md`` says what its columns are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.report.published import published_label
from benchmark.report.standings import Leaderboard
from benchmark.results.cells import ModuleFacts, TaskFacts, peak_memory, speed
from benchmark.statistics import Interval
from msssl_common.csv_tables import csv_table

COSTS = (
    "parameters",
    "scene_embedding_size",
    "timestamp_embedding_size",
    "audio_seconds_per_second",
    "peak_memory_bytes",
)


def wide_csv(standings: Leaderboard) -> str:
    """Rows run here, best first, then published ones; what is not known is empty."""
    rows = [*_own_rows(standings), *_published_rows(standings)]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return csv_table(columns, rows)


def interval_columns(name: str, interval: Interval | None) -> dict[str, object]:
    """``name:low`` and ``name:high``, empty where there is no interval."""
    known = interval is not None and not math.isnan(interval.low)
    low, high = interval if interval is not None and known else (None, None)
    return {f"{name}:low": low, f"{name}:high": high}


def _own_rows(standings: Leaderboard) -> Iterator[dict[str, object]]:
    board = standings.board
    notices = "; ".join(f"{task.task}: {task.notice}" for task in board.tasks if task.notice)
    for module in board.modules:
        yield {
            "label": module.label,
            "source": "run",
            "module": module.module,
            "checkpoint": module.checkpoint,
            **{k: v for task in board.tasks for k, v in _task(standings, module, task).items()},
            **_overall(standings, module.label),
            **_costs(standings, module),
            "licence": module.licence,
            **_protocol(standings),
            "note": module.note,
            "notices": notices,
        }


def _task(standings: Leaderboard, module: ModuleFacts, task: TaskFacts) -> dict[str, object]:
    """Score, interval and ranks; deviations where there are several folds or seeds."""
    standing = standings.standings[module.label, task.task]
    entry, ranks = standing.entry, standing.ranks
    name, done = _name(task), entry.reason is None
    columns = {
        name: entry.primary,
        **interval_columns(name, standing.interval),
        f"{name}:rank_first": ranks.first if ranks else None,
        f"{name}:rank_last": ranks.last if ranks else None,
    }
    if task.folds > 1:
        columns[f"{name}:std_folds"] = entry.std_folds(task.score) if done else None
    if len(standings.board.seeds) > 1:
        columns[f"{name}:std_seeds"] = entry.std_seeds(task.score) if done else None
    return columns


def _overall(standings: Leaderboard, label: str) -> dict[str, object]:
    if not standings.overall:
        return {}
    found = standings.overall_of(label)
    return {
        "normalised_score": found.normalised if found else None,
        **interval_columns("normalised_score", found.normalised_interval if found else None),
        "mean_rank": found.mean_rank if found else None,
        **interval_columns("mean_rank", found.mean_rank_interval if found else None),
    }


def _costs(standings: Leaderboard, module: ModuleFacts) -> dict[str, object]:
    cells = standings.board.cells(module)
    sizes = [module.scene_embedding_size, module.timestamp_embedding_size]
    values = [module.parameters, *sizes, speed(cells), peak_memory(cells)]
    return dict(zip(COSTS, values, strict=True))


def _protocol(standings: Leaderboard) -> dict[str, object]:
    board, asked = standings.board, standings.board.protocol
    return {
        "protocol": asked.version,
        "mode": asked.mode,
        "rules": asked.rules,
        "grid": asked.grid,
        "grid_points": asked.grid_points,
        "limit": asked.limit,
        "probe": asked.probe,
        "shots": asked.shots,
        "seeds": " ".join(map(str, board.seeds)),
        "embedding_dtype": board.embedding_dtype,
    }


def _published_rows(standings: Leaderboard) -> Iterator[dict[str, object]]:
    names = {task.task: _name(task) for task in standings.board.tasks}
    rows: dict[str, dict[str, object]] = {}
    notes: dict[str, list[str]] = {}
    for task, scores in standings.published.items():
        for score in scores:
            label = published_label(score.model)
            row = rows.setdefault(label, {"label": label, "source": "published"})
            row[names[task]] = score.value
            if score.note:
                notes.setdefault(label, []).append(f"{task}: {score.note}")
    for label, row in rows.items():
        yield {**row, **_overall(standings, label), "note": " ".join(notes.get(label, []))}


def _name(task: TaskFacts) -> str:
    return f"{task.task}:{task.score}"
