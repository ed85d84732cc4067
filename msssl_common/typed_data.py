"""Dictionaries, as JSON and YAML give them, to dataclasses by their type hints.

What a file format has of its own is its `Format`: how it spells numbers, and the sentences that say
what is wrong.
"""

from __future__ import annotations

import types
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class Format(ABC):
    """A file format.

    Attributes:
        lenient: Whether fields with a default may be absent.
    """

    def __init__(self, lenient: bool) -> None:
        """Keep the setting."""
        self.lenient = lenient

    @abstractmethod
    def number(self, value: object) -> float | None:
        """The number that a field of type float gets; None where the value is none."""

    @abstractmethod
    def unknown(self, key: str, known: Sequence[str]) -> str:
        """The sentence on a key that is no field; ``known`` are the fields' names."""

    @abstractmethod
    def missing(self, key: str) -> str:
        """The sentence on a field without a value."""

    @abstractmethod
    def wrong(self, key: str, value: object, kind: Any) -> str:  # noqa: ANN401
        """The sentence on a value that is not of a field's type."""


def read_typed(kind: Any, value: object, form: Format, key: str = "") -> Any:  # noqa: ANN401
    """Check a value that a parser has read, and build what it stands for.

    Args:
        kind: Type hint: a dataclass, str, int, float, bool, None, Literal, or a union, list or
            dict (by text) of such.
        value: The value.
        form: Of the file.
        key: Where the value stands, e.g. ``folds[0].scores.mAP``; empty for the whole file.

    Raises:
        ValueError: A sentence of the format, with the key.
    """
    if is_dataclass(kind) and isinstance(value, dict):
        return _dataclass(kind, value, form, key)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is list and isinstance(value, list):
        return [read_typed(inner[0], each, form, f"{key}[{i}]") for i, each in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {
            name: read_typed(inner[1], each, form, _below(key, name))
            for name, each in value.items()
        }
    if origin in (Union, types.UnionType):
        return _one_of(kind, value, form, key)
    if origin is Literal and any(value == each and type(value) is type(each) for each in inner):
        return value
    if kind is float and (number := form.number(value)) is not None:
        return number
    # Python takes true and false for whole numbers.
    of_kind = kind is bool if isinstance(value, bool) else _is(value, kind)
    if of_kind and kind is not float:
        return value
    raise ValueError(form.wrong(key, value, kind))


def field_types(kind: type) -> dict[str, Any]:
    """The resolved type hints of a dataclass's fields, in order."""
    return {name: hint for name, (hint, _) in _fields(kind).items()}


@cache
def _fields(kind: type) -> dict[str, tuple[Any, Field[Any]]]:
    hints = get_type_hints(kind)
    return {field.name: (hints[field.name], field) for field in fields(kind)}


def _dataclass(kind: Any, value: dict[str, object], form: Format, key: str) -> object:  # noqa: ANN401
    known = _fields(kind)
    for name in value:
        if name not in known:
            raise ValueError(form.unknown(_below(key, name), [*known]))
    given = {}
    for name, (hint, field) in known.items():
        if name in value:
            given[name] = read_typed(hint, value[name], form, _below(key, name))
        elif not form.lenient or (field.default is MISSING and field.default_factory is MISSING):
            raise ValueError(form.missing(_below(key, name)))
    return kind(**given)


def _one_of(kind: Any, value: object, form: Format, key: str) -> object:  # noqa: ANN401
    """The first type that fits; what is wrong inside an object is said of the object's keys."""
    kinds = get_args(kind)
    if isinstance(value, dict):
        for each in kinds:
            if is_dataclass(each):
                return read_typed(each, value, form, key)
    for each in kinds:
        try:
            return read_typed(each, value, form, key)
        except ValueError:
            continue
    raise ValueError(form.wrong(key, value, kind))


def _is(value: object, kind: Any) -> bool:  # noqa: ANN401
    # Python 3.10 takes list[int] for a type.
    plain = isinstance(kind, type) and get_origin(kind) is None and not is_dataclass(kind)
    return plain and isinstance(value, kind)


def _below(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
