"""Cells on disk: a JSON file each, written as it finishes, and its predictions beside it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.atomic_file import write_bytes, write_text
from benchmark.protocol import Protocol
from benchmark.results import SCHEMA, Cell, Cost, FoldScores, ModuleFacts, TaskFacts


def cell_path(out: Path, cell: Cell) -> Path:
    """File of a cell: named by what was asked for, so that a success replaces a failure.

    Args:
        out: Results folder.
        cell: A cell, finished or not. Its module is named with its checkpoint; embeddings of
            float32 are not named.
    """
    asked = cell.module
    spec = f"{asked.module}={asked.checkpoint}" if asked.checkpoint else asked.module
    name = re.sub(r"[^\w.-]+", "_", spec)
    if name != spec:  # a checkpoint's path: keep two apart that read alike
        name = f"{name[:80]}-{hashlib.sha256(spec.encode()).hexdigest()[:8]}"
    embeddings = "" if cell.embedding_dtype == "float32" else f"-{cell.embedding_dtype}"
    file = f"{name}__{cell.task.task}__{cell.protocol.name}{embeddings}.json"
    return out / "cells" / file


def predictions_path(cell: Path) -> Path:
    """File of what a cell's heads predicted (see `benchmark.predictions`)."""
    return cell.with_suffix(".npz")


def save_cell(path: Path, cell: Cell, predictions: bytes | None = None) -> None:
    """Write a cell after its predictions, so that whoever finds the cell finds them too.

    NaN and infinite scores are written as Python's json writes them.

    Args:
        path: The cell's file.
        cell: The cell.
        predictions: Bytes of its predictions file. Without them, those of an earlier cell go.
    """
    if predictions is not None:
        write_bytes(predictions_path(path), predictions)
    write_text(path, json.dumps(asdict(cell), indent=1) + "\n")
    if predictions is None:
        predictions_path(path).unlink(missing_ok=True)


def load_cell(path: Path) -> Cell | None:
    """Read a cell, or None if there is none that this version can read."""
    try:
        facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if facts["schema"] != SCHEMA:
            return None
        nested = {
            "module": ModuleFacts(**facts["module"]),
            "task": TaskFacts(**facts["task"]),
            "protocol": Protocol(**facts["protocol"]),
            "folds": [FoldScores(**fold) for fold in facts["folds"]],
            "cost": Cost(**facts["cost"]) if facts["cost"] else None,
        }
        return Cell(**{**facts, **nested})
    except (OSError, ValueError, KeyError, TypeError):
        return None
