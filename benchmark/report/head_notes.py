"""Sentences under a table on its heads: what selected them, and whether they hardly trained."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.protocol import Protocol
from benchmark.results.cells import Cell
from benchmark.results.leaderboard import ResultTable

FEW_STEPS = 100  # of an optimiser: with fewer, a head is still close to its random start

BLIND = (
    "no head had a defined validation score (a head that predicts no event in validation has "
    "none), and the first one was taken, as hear-eval-kit does"
)


def selection_notes(board: ResultTable) -> list[str]:
    """Where another number than the task's first score selected the heads, or none did."""
    notes = []
    for task in board.tasks:
        rows: dict[str, list[str]] = {}
        for module in board.modules:
            cells = board.entries[module.label, task.task].cells
            said = dict.fromkeys(f.selected_by for cell in cells for f in cell.folds)
            texts = [f"heads are selected by {text}" for text in said if text]
            if any(cell.is_blind for cell in cells):
                texts.append(BLIND)
            if texts:
                rows.setdefault("; ".join(texts), []).append(module.label)
        notes += [
            f"{_rows_of(labels, len(board.modules))}{task.task}: {text}."
            for text, labels in rows.items()
        ]
    return notes


def _rows_of(labels: Sequence[str], rows: int) -> str:
    return "" if len(labels) == rows else f"{', '.join(labels)} on "


def step_notes(board: ResultTable) -> list[str]:
    """On which tasks the chosen heads' trainings had few optimiser steps, and how many."""
    found = []
    for task in board.tasks:
        steps = {
            module.label: few
            for module in board.modules
            if (few := _few_steps(board.entries[module.label, task.task].cells))
        }
        if not steps:
            continue
        every = sorted({count for few in steps.values() for count in few})
        rows = "" if len(steps) == len(board.modules) else f" ({', '.join(steps)})"
        found.append(f"{task.task}{rows}: {_span(every)}")
    if not found:
        return []
    return [
        f"Heads with few optimiser steps, one for each batch of training rows: {'; '.join(found)}. "
        "Their scores can lie far below what the embeddings allow" + _remedy(board.protocol)
    ]


def _few_steps(cells: Sequence[Cell]) -> list[int]:
    """The counts that are few, of all folds and seeds; cells that do not know theirs have none."""
    return [
        fold.steps
        for cell in cells
        for fold in cell.folds
        if fold.steps is not None and fold.steps < FEW_STEPS
    ]


def _span(counts: Sequence[int]) -> str:
    least, most = counts[0], counts[-1]
    return f"{least}" if least == most else f"{least} to {most}"


def _remedy(protocol: Protocol) -> str:
    longer = "" if protocol.grid == "default" else "`--grid default` trains longer, and "
    return f": {longer}`--probe linear` fits to the end."
