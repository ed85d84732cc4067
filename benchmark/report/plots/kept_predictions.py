"""Predictions of a table's entries, read again for pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from benchmark.results.cell_files import cell_path, predictions_path
from benchmark.results.cells import Cell
from benchmark.results.leaderboard import Entry
from benchmark.results.predictions import Predictions, load_predictions


def entry_predictions(entry: Entry, folders: Sequence[Path]) -> list[Predictions]:
    """Predictions of an entry's cells, by seed.

    Empty where a cell failed or has no predictions that belong to it: the table's cautions say so.

    Args:
        entry: One model on one task.
        folders: Results folders that the table was made of.
    """
    if entry.reason:
        return []
    found = [_cell_predictions(cell, folders) for cell in entry.cells]
    known = [predictions for predictions in found if predictions]
    return known if len(known) == len(found) else []


def _cell_predictions(cell: Cell, folders: Sequence[Path]) -> Predictions | None:
    for folder in folders:
        path = predictions_path(cell_path(folder, cell))
        try:
            if hashlib.sha256(path.read_bytes()).hexdigest() == cell.predictions_hash:
                return load_predictions(path)
        except (OSError, ValueError):
            continue
    return None
