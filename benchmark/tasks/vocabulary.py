"""Reading ``labelvocabulary.csv``: which label is which column of the targets."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

VOCABULARY_FILE: Final = "labelvocabulary.csv"


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
    labels, faults = parse_vocabulary(folder)
    if faults:
        raise ValueError(faults[0])
    return tuple(labels[index] for index in range(len(labels)))


def parse_vocabulary(folder: Path) -> tuple[dict[int, str], list[str]]:
    """Read what can be read of a task's vocabulary, and find all that is wrong with it.

    Returns:
        Label by index, the first of each index; and every fault, a sentence each.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: The file is not text, or has no ``idx,label`` header.
    """
    path = folder / VOCABULARY_FILE
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should list the task's labels.")
    labels: dict[int, str] = {}
    faults: list[str] = []
    for index_text, label in _rows(path):
        if not index_text.strip().isdecimal():
            faults.append(
                f"{path}: idx must be a number from 0 on, but one row has {index_text!r}."
            )
            continue
        index = int(index_text)
        if not label:
            faults.append(f"{path}: idx {index} has no label.")
        elif index in labels:
            faults.append(f"{path}: idx {index} comes twice ({labels[index]!r} and {label!r}).")
        else:
            labels[index] = label
    # A row that was left out would be found again as a gap.
    return labels, faults or _incomplete(path, labels)


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


def _incomplete(path: Path, labels: dict[int, str]) -> list[str]:
    """What is wrong with the rows as a whole: none at all, gaps, labels that come twice."""
    if not labels:
        return [f"{path} lists no label."]
    faults = [
        f"{path}: idx must run from 0 to {len(labels) - 1} for {len(labels)} labels, "
        f"but idx {index} is missing."
        for index in range(len(labels))
        if index not in labels
    ]
    seen: dict[str, int] = {}
    for index, label in sorted(labels.items()):
        if label in seen:
            faults.append(f"{path}: label {label!r} has both idx {seen[label]} and {index}.")
        seen.setdefault(label, index)
    return faults
