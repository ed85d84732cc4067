"""Resample the predictions of a table's entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmark.report.fold_scores import entry_fold_scores, score_remark, score_remarks
from benchmark.report.kept_replicates import replicates
from benchmark.report.merged_cells import CellFile
from benchmark.results.leaderboard import ResultTable
from benchmark.statistics import FoldScore, Replicates, resamples_for


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
