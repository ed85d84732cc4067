"""Reading ``labelvocabulary.csv``: which label is which column of the targets."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

FILE_NAME: Final = "labelvocabulary.csv"


def read_vocabulary(folder: Path) -> tuple[str, ...]:
    """Read a task's vocabulary.

    The index of a label is the column of targets and predictions, and chroma is ``index % 12``
    (hear-eval-kit, ``ChromaAccuracy``): so the indices must be 0, 1, ... without a gap.

    Returns:
        Label of index 0, 1, ...; labels that are numbers come as strings.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: No ``idx,label`` header, no rows, an index that is not a number, a gap among the
            indices, or an index or label that comes twice.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should list the task's labels.")
    labels: dict[int, str] = {}
    for index_text, label in _rows(path):
        index = _index(path, index_text)
        if not label:
            raise ValueError(f"{path}: idx {index} has no label.")
        if index in labels:
            raise ValueError(f"{path}: idx {index} comes twice ({labels[index]!r} and {label!r}).")
        labels[index] = label
    _check_complete(path, labels)
    return tuple(labels[index] for index in range(len(labels)))


def _rows(path: Path) -> list[tuple[str, str]]:
    """Read (idx, label) of each row, as text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: {error}.") from None
    reader = csv.DictReader(text.splitlines(), restval="")
    if not {"idx", "label"} <= set(reader.fieldnames or ()):
        raise ValueError(f"{path}: the first line must be 'idx,label'.")
    return [(row["idx"], row["label"]) for row in reader]


def _index(path: Path, text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f"{path}: idx must be a number from 0 on, but one row has {text!r}.")
    return int(text)


def _check_complete(path: Path, labels: dict[int, str]) -> None:
    if not labels:
        raise ValueError(f"{path} lists no label.")
    for index in range(len(labels)):
        if index not in labels:
            raise ValueError(
                f"{path}: idx must run from 0 to {len(labels) - 1} for {len(labels)} labels, "
                f"but idx {index} is missing."
            )
    seen: dict[str, int] = {}
    for index, label in sorted(labels.items()):
        if label in seen:
            raise ValueError(f"{path}: label {label!r} has both idx {seen[label]} and {index}.")
        seen[label] = index
