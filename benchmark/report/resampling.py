"""Resample the predictions of a table's entries.

Results that took long are cached: mAP of FSD50K's 10,231 clips takes minutes. A cached file that is
damaged or absent is made again.
"""

from __future__ import annotations

import hashlib
import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.report.merged_cells import CellFile
from benchmark.results.cell_files import predictions_path
from benchmark.results.cells import Cell, TaskFacts
from benchmark.results.leaderboard import ResultTable
from benchmark.results.predictions import load_predictions
from benchmark.results.verified import predictions_damage
from benchmark.statistics import (
    FoldScore,
    Replicates,
    bootstrap_task,
    cell_fold_scores,
    resamples_for,
)
from msssl_common.files import cache_root, write_bytes

WORTH_KEEPING = 5.0  # seconds of processor time
DECIDING = ("statistics", "scores", "events")  # packages whose code decides the numbers


def replicates(
    task: TaskFacts,
    models: Mapping[str, Sequence[FoldScore]],
    hashes: Mapping[str, Sequence[str]],
    rules: str,
    resamples: int,
) -> Replicates:
    """`bootstrap_task`, or what it gave earlier for the same predictions under the same code.

    Args:
        task: Of which the first score is meant.
        models: As in `bootstrap_task`.
        hashes: SHA-256 of each model's predictions files.
        rules: Of the protocol.
        resamples: Number of resamples.
    """
    asked = [task.task, task.score, rules, str(resamples), _code_hash()]
    asked += [f"{label} {' '.join(hashes[label])}" for label in models]
    key = hashlib.sha256("\n".join(asked).encode("utf-8", "surrogatepass")).hexdigest()
    path = cache_root() / "resampled" / f"{key}.npz"
    if kept := _load(path, task, tuple(models)):
        return kept
    started = time.process_time()
    made = bootstrap_task(task.task, models, task.better, resamples)
    if time.process_time() - started >= WORTH_KEEPING:
        file = io.BytesIO()
        np.savez(file, estimates=made.estimates, values=made.values, drawn=made.drawn)
        with suppress(OSError):  # a report needs no cache
            write_bytes(path, file.getvalue())
    return made


def _load(path: Path, task: TaskFacts, models: tuple[str, ...]) -> Replicates | None:
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            estimates, values, drawn = file["estimates"], file["values"], int(file["drawn"])
    except Exception:  # a damaged archive raises a dozen different ones
        return None
    return Replicates(task.task, task.better, models, estimates, values, drawn)


def _code_hash() -> str:
    root = Path(__file__).resolve().parents[1]
    files = [path for package in DECIDING for path in sorted((root / package).glob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


class Resampled(NamedTuple):
    """What predictions say of a table.

    Attributes:
        replicates: By task name, of the tasks that have predictions.
        remarks: By (row label, task name), what must be said of a score (see `score_remark`).
        cautions: The same in sentences, and entries without predictions.
    """

    replicates: dict[str, Replicates]
    remarks: dict[tuple[str, str], str]
    cautions: list[str]


def resample(
    board: ResultTable,
    files: Sequence[CellFile],
    advance: Callable[[int, int], None] | None = None,
) -> Resampled:
    """Resample the predictions of every task that has any.

    Args:
        board: The table.
        files: Its cells, under its names.
        advance: Called with (done, total) as tasks are resampled.
    """
    resampled: dict[str, Replicates] = {}
    unusable: dict[str, dict[str, list[str]]] = {}  # by reason and row, the tasks
    remarks: dict[tuple[str, str], str] = {}
    cautions: list[str] = []
    rows = {
        task.task: [row for row in board.modules if not board.entries[row.label, task.task].reason]
        for task in board.tasks
    }
    by_place: dict[tuple[str, str], list[CellFile]] = {}
    for file in files:
        by_place.setdefault(file.place, []).append(file)
    resamples = resamples_for(max(len(labels) for labels in rows.values()))
    for done, task in enumerate(board.tasks):
        if advance:
            advance(done, len(board.tasks))
        models: dict[str, list[FoldScore]] = {}
        hashes: dict[str, list[str]] = {}
        for row in rows[task.task]:
            own = by_place[row.label, task.task]
            hashes[row.label] = [file.cell.predictions_hash for file in own]
            try:
                models[row.label] = entry_fold_scores(own)
            except (ValueError, OSError) as error:
                unusable.setdefault(str(error).rstrip("."), {}).setdefault(row.label, []).append(
                    task.task
                )
        if models:
            rules = board.protocol.rules
            resampled[task.task] = replicates(task, models, hashes, rules, resamples)
            found = {label: score_remark(folds) for label, folds in models.items()}
            remarks |= {(label, task.task): remark for label, remark in found.items() if remark}
            cautions += score_remarks(task.task, found)
    if advance:
        advance(len(board.tasks), len(board.tasks))
    return Resampled(resampled, remarks, [*cautions, *_cautions(unusable, len(board.tasks))])


def score_remark(folds: Sequence[FoldScore]) -> str:
    """What must be said of one score that is undefined, or that a rule made; mostly nothing."""
    found = list(dict.fromkeys(fold.remark for fold in folds if fold.remark))
    undefined = [math.isnan(fold.value) for fold in folds if fold.remark]
    if any(undefined) and len(undefined) < len(folds):
        found.append("the mean over folds leaves undefined ones out, as hear-eval-kit does")
    return "; ".join(found)


def score_remarks(task: str, remarks: Mapping[str, str]) -> list[str]:
    """The same of all rows of a task, a sentence each; those that all have are about the task.

    Args:
        task: Folder name of the task.
        remarks: By row label.
    """
    rows: dict[str, list[str]] = {}
    for label, remark in remarks.items():
        if remark:
            rows.setdefault(remark, []).append(label)
    return [
        f"{task}: {remark}."
        if len(labels) == len(remarks)
        else f"{', '.join(labels)} on {task}: {remark}."
        for remark, labels in rows.items()
    ]


def _cautions(unusable: Mapping[str, Mapping[str, Sequence[str]]], tasks: int) -> list[str]:
    """One sentence for each reason."""
    sentences = []
    for reason, rows in unusable.items():
        named = [
            f"{row} ({', '.join(names) if len(names) < tasks or tasks == 1 else 'all tasks'})"
            for row, names in rows.items()
        ]
        sentences.append(f"Without interval and left out of ranks: {', '.join(named)}: {reason}.")
    return sentences


def entry_fold_scores(files: Sequence[CellFile]) -> list[FoldScore]:
    """The first score of one module on one task, of every test split.

    Of several seeds it is the mean over seeds on the same drawn clips, so that the interval is
    that of the number in the table. It says what other clips would do; what other seeds would do,
    the deviation over seeds says.

    Args:
        files: The entry's finished cells, one per seed.

    Raises:
        ValueError, OSError: A cell's predictions are absent, damaged, or of another cell.
    """
    in_order = sorted(files, key=lambda file: file.cell.protocol.seed)
    seeds = [_cell_fold_scores(path, cell) for path, cell in in_order]
    if len(seeds) == 1:
        return seeds[0]
    clips = [[fold.clips for fold in folds] for folds in seeds]
    if any(of_seed != clips[0] for of_seed in clips):
        raise ValueError(f"{files[0][0].name} and its other seeds were not tested on equal clips.")
    return [_mean_over_seeds(folds) for folds in zip(*seeds, strict=True)]


def _cell_fold_scores(path: Path, cell: Cell) -> list[FoldScore]:
    if wrong := predictions_damage(path, cell):
        raise ValueError(wrong)
    predictions = load_predictions(predictions_path(path))
    return cell_fold_scores(predictions, cell.task.score, cell.protocol.rules)


def _mean_over_seeds(folds: Sequence[FoldScore]) -> FoldScore:
    def score(counts: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(np.mean([fold.score(counts) for fold in folds], axis=0))

    remarks = dict.fromkeys(fold.remark for fold in folds if fold.remark)
    return FoldScore(folds[0].clips, score, "; ".join(remarks))
