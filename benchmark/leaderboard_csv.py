"""``leaderboard.csv``: the table with full precision."""

from __future__ import annotations

import csv
import io

from benchmark.entry import Entry
from benchmark.leaderboard import Leaderboard
from benchmark.results import ModuleFacts, TaskFacts, peak_memory, speed

COST_COLUMNS = (
    "parameters",
    "scene_embedding_size",
    "timestamp_embedding_size",
    "audio_seconds_per_second",
    "peak_memory_bytes",
)
PROTOCOL_COLUMNS = (
    "protocol",
    "mode",
    "rules",
    "grid",
    "grid_points",
    "seeds",
    "embedding_dtype",
)


def leaderboard_csv(board: Leaderboard) -> str:
    """A row per module; entries that failed are empty (``scores.csv`` has the reasons).

    Each task's first score, its mean over folds and seeds, is followed by its deviations over
    folds and over seeds where there are several.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    tasks = [head for task in board.tasks for head in _heads(board, task)]
    mean = ["mean_of_task_scores"] if board.has_mean else []
    rest = [*COST_COLUMNS, *PROTOCOL_COLUMNS, "note", "notices"]
    writer.writerow(["label", "module", "checkpoint", *tasks, *mean, *rest])
    notices = "; ".join(f"{task.task}: {task.notice}" for task in board.tasks if task.notice)
    for module in board.modules:
        scores = [score for entry in board.row(module) for score in _scores(board, entry)]
        means = [board.mean(module)] if board.has_mean else []
        identity = [module.label, module.module, module.checkpoint]
        about = [*_costs(board, module), *_protocol(board), module.note, notices]
        writer.writerow([*identity, *scores, *means, *about])
    return text.getvalue()


def _heads(board: Leaderboard, task: TaskFacts) -> list[str]:
    name = f"{task.task}:{task.score}"
    folds = [f"{name}:std_folds"] if task.folds > 1 else []
    return [name, *folds, *([f"{name}:std_seeds"] if len(board.seeds) > 1 else [])]


def _scores(board: Leaderboard, entry: Entry) -> list[float | None]:
    task = entry.task
    if entry.reason:
        return [None for _ in _heads(board, task)]
    folds = [entry.std_folds(task.score)] if task.folds > 1 else []
    seeds = [entry.std_seeds(task.score)] if len(board.seeds) > 1 else []
    return [entry.primary, *folds, *seeds]


def _costs(board: Leaderboard, module: ModuleFacts) -> list[float | None]:
    sizes = [module.scene_embedding_size, module.timestamp_embedding_size]
    cells = board.cells(module)
    return [module.parameters, *sizes, speed(cells), peak_memory(cells)]


def _protocol(board: Leaderboard) -> list[object]:
    asked = board.protocol
    seeds = " ".join(map(str, board.seeds))
    names = [asked.version, asked.mode, asked.rules, asked.grid, asked.grid_points]
    return [*names, seeds, board.embedding_dtype]
