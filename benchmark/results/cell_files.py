"""Cells on disk: a JSON file each, written as it finishes, and its predictions beside it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISREG

from benchmark.protocol import Protocol
from benchmark.results.cells import Cell
from benchmark.results.schema.cell_json import cell_of, cell_text
from msssl_common.bounds import check_count
from msssl_common.files import write_bytes, write_text
from msssl_common.messages import printable_name

LARGEST_CELL = 4 << 20  # bytes; 6 folds of a long training have 50 kB
LONGEST_NAME = 236  # bytes of a file's name; disks have 255, of which a temporary name takes 19


def cell_path(out: Path, cell: Cell) -> Path:
    """File of a cell: named by what was asked for, so that a success replaces a failure.

    Args:
        out: Results folder.
        cell: A cell, finished or not. Its module is named with its checkpoint; embeddings of
            float32 are not named.
    """
    return (
        out
        / "cells"
        / _file_name(cell.module.spec, cell.task.task, cell.protocol, cell.embedding_dtype)
    )


def check_names(
    specs: Iterable[str], tasks: Iterable[str], protocol: Protocol, embedding_dtype: str
) -> None:
    """Refuse names of tasks and modules that make names of files that no disk takes.

    Args:
        specs: What was typed to load the modules.
        tasks: Folder names.
        protocol: With the largest seed.
        embedding_dtype: Of the cells.

    Raises:
        ValueError: Which name is too long, and by how much.
    """
    longest = max(specs, key=lambda spec: _bytes(_file_name(spec, "", protocol, "")), default="")
    for task in tasks:
        over = _bytes(_file_name(longest, task, protocol, embedding_dtype)) - LONGEST_NAME
        if over > 0:
            raise ValueError(
                f"The task folder's name {printable_name(task)} has {_bytes(task)} bytes. Names of "
                f"results are made of it and of {printable_name(longest)}: shorten it by {over}"
            )


def _bytes(name: str) -> int:
    return len(name.encode("utf-8", "surrogatepass"))


def _file_name(spec: str, task: str, protocol: Protocol, embedding_dtype: str) -> str:
    name = re.sub(r"[^\w.-]+", "_", spec)
    if name != spec:  # a checkpoint's path: keep two apart that read alike
        name = (
            f"{name[:80]}-{hashlib.sha256(spec.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        )
    embeddings = "" if embedding_dtype == "float32" else f"-{embedding_dtype}"
    return f"{name}__{task}__{protocol.name}{embeddings}.json"


def predictions_path(cell: Path) -> Path:
    """File of what a cell's heads predicted (see `benchmark.results.predictions`)."""
    return cell.with_suffix(".npz")


def save_cell(path: Path, cell: Cell, predictions: bytes | None = None) -> None:
    """Write a cell after its predictions, so that a reader who finds the cell finds them, too.

    `benchmark.results.schema` says what is in it.

    Args:
        path: The cell's file.
        cell: The cell.
        predictions: Bytes of its predictions file. Without them, those of an earlier cell go.
    """
    if predictions is not None:
        write_bytes(predictions_path(path), predictions)
    write_text(path, cell_text(cell))
    if predictions is None:
        predictions_path(path).unlink(missing_ok=True)


def read_cell(path: Path) -> Cell:
    """Read a cell.

    Raises:
        FileNotFoundError: There is none.
        ValueError: The file is damaged, edited to something that is no cell, or of a version that
            is not known: one sentence with file and key.
    """
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):  # a pipe, say, would be waited for
            raise ValueError("a cell is a plain file, and this is none")
        check_count(status.st_size, LARGEST_CELL, "bytes", "a cell's file")
        return cell_of(path.read_text("utf-8"))
    except ValueError as error:  # also what is no UTF-8
        raise ValueError(f"{path}: {error}; run the command again that made it.") from error


def load_cell(path: Path) -> Cell | None:
    """Read a cell, or None if there is none that this version can read."""
    try:
        return read_cell(path)
    except (OSError, ValueError):
        return None
