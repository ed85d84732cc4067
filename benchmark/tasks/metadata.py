"""Checked values out of ``task_metadata.json``: each function reads one kind of key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from benchmark.tasks.json_file import read_json_object

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
