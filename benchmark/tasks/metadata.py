"""Read ``task_metadata.json`` and ``labelvocabulary.csv``, with one sentence for what is wrong.

Each function of `Metadata` reads and checks one kind of key.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar


def read_json_object(path: Path, what: str, last_counts: bool = False) -> dict[str, Any]:
    """Read a JSON file whose top level is an object.

    Args:
        path: The file.
        what: What the file is for, as the messages say it, e.g. ``"the labels of split 'train'"``.
        last_counts: Whether to take the last of several values of one key, as other readers do.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not JSON, its top level is not an object, or it has a key twice.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should hold {what}.")
    try:
        pairs = dict if last_counts else _different
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=pairs)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} ({what}) is not UTF-8 text: {error}.") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} ({what}) is not valid JSON: {error}.") from None
    except KeyError as error:
        raise ValueError(f"{path} ({what}) has the key {error} twice: leave one of them.") from None
    if not isinstance(content, dict):
        raise ValueError(
            f"{path} ({what}) must be a JSON object {{...}}, but is a {type(content).__name__}."
        )
    return content


def _different(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON.

    Raises:
        KeyError: A key comes twice.
    """
    content = dict(pairs)
    if len(content) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise KeyError(next(key for key, count in counts.items() if count > 1))
    return content


METADATA_FILE: Final = "task_metadata.json"
Choice = TypeVar("Choice", bound=str)


class Metadata:
    """The content of one ``task_metadata.json``, read key by key.

    Every method raises ``ValueError`` with a sentence that names the file, the key and its value.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / METADATA_FILE
        self._values = read_json_object(
            self.path, "the task's metadata, as in every task folder in HEAR's format"
        )

    def value(self, key: str) -> object:
        """The value of a key that must be there."""
        if key not in self._values:
            raise ValueError(f"{self.path}: key '{key}' is missing.")
        return self._values[key]

    def text(self, key: str) -> str:
        """A string with something in it."""
        value = self.value(key)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, value, "a non-empty string")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string with something in it, or None where the key is absent or null."""
        return None if self._values.get(key) is None else self.text(key)

    def choice(self, key: str, choices: tuple[Choice, ...]) -> Choice:
        """One of a few strings."""
        value = self.value(key)
        for choice in choices:
            if value == choice:
                return choice
        raise self._wrong(key, value, "one of " + ", ".join(choices))

    def names(self, key: str) -> tuple[str, ...]:
        """A list of different, non-empty strings."""
        value = self.value(key)
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(name, str) and name for name in value)
            or len(set(value)) != len(value)
        ):
            raise self._wrong(key, value, "a list of different names")
        return tuple(value)

    def flag(self, key: str, default: bool) -> bool:
        """A boolean, or the default where the key is absent."""
        value = self._values.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def seconds(self, key: str) -> float | None:
        """A positive duration in seconds, or null."""
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            raise self._wrong(key, value, "seconds above 0, or null for clips of any length")
        return float(value)

    def grid(self, key: str) -> Mapping[str, list[Any]] | None:
        """A dictionary of non-empty lists inside ``evaluation_params``, or None if absent."""
        parameters = self._values.get("evaluation_params") or {}
        if not isinstance(parameters, dict):
            raise self._wrong("evaluation_params", parameters, "an object")
        grid = parameters.get(key)
        if grid is None:
            return None
        if not isinstance(grid, dict) or not all(isinstance(v, list) and v for v in grid.values()):
            raise self._wrong(f"evaluation_params.{key}", grid, "an object of non-empty lists")
        return grid

    def _wrong(self, key: str, value: object, wanted: str) -> ValueError:
        return ValueError(f"{self.path}: key '{key}' must be {wanted}, but is {value!r}.")


VOCABULARY_FILE: Final = "labelvocabulary.csv"
LONGEST_INDEX: Final = 9  # digits


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
        if not index_text.strip().isdecimal() or len(index_text) > LONGEST_INDEX:
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
    reader = csv.DictReader(io.StringIO(text), restval="")  # a label may have a line's end in it
    columns = list(reader.fieldnames or ())
    if columns.count("idx") != 1 or columns.count("label") != 1:
        raise ValueError(f"{path}: the first line must be 'idx,label'.")
    rows = list(reader)
    for row in rows:
        if None in row:  # cells behind the last column
            raise ValueError(
                f"{path}: the row of idx {row['idx']} has more cells than the first line: put a "
                'label with a comma between quotes, as in 0,"dog, barking".'
            )
    return [(row["idx"], row["label"]) for row in rows]


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
