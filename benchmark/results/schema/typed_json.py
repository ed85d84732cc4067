"""JSON values to dataclasses by their type hints, and back; what does not fit is said with its key.

JSON has no NaN and no infinities. They are written as the strings ``"NaN"``, ``"Infinity"`` and
``"-Infinity"``, as Protocol Buffers do in JSON
(https://protobuf.dev/programming-guides/json/, "float, double").
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from msssl_common.messages import one_printable_line

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
LARGEST_BITS = 1023  # of whole numbers that are sure to fit a float
WORDS = {
    str: "text",
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    type(None): "null",
}


def to_json(value: object) -> object:
    """Dataclasses as objects, non-finite numbers as strings; all else as it is."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def from_json(kind: Any, value: object, key: str = "", lenient: bool = False) -> Any:  # noqa: ANN401
    """Check a value that json has read, and build what it stands for.

    Args:
        kind: Type hint: a dataclass, str, int, float, bool, None, Literal, or a union, list or
            dict (by text) of such.
        value: The value.
        key: Where it stands, e.g. ``folds[0].scores.mAP``; empty for the whole file.
        lenient: Whether fields with a default may be absent, as they are in old files.

    Raises:
        ValueError: Names the key, what is there and what was expected.
    """
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, value, key, lenient)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is list and isinstance(value, list):
        return [from_json(inner[0], each, f"{key}[{i}]", lenient) for i, each in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {
            name: from_json(inner[1], each, _below(key, name), lenient)
            for name, each in value.items()
        }
    if origin in (Union, types.UnionType):
        return _one_of(inner, value, key, lenient)
    if origin is Literal and any(value == each and type(value) is type(each) for each in inner):
        return value
    if kind is float and isinstance(value, str) and value in NON_FINITE:
        return NON_FINITE[value]
    if isinstance(kind, type) and _is(kind, value):
        return value
    raise ValueError(f"{_named(key)} is {_shown(value)}; expected {_expected(kind)}")


def field_types(kind: type) -> dict[str, Any]:
    """The resolved type hints of a dataclass's fields, in order."""
    return {name: hint for name, (hint, _) in _fields(kind).items()}


@cache
def _fields(kind: type) -> dict[str, tuple[Any, Field[Any]]]:
    hints = get_type_hints(kind)
    return {field.name: (hints[field.name], field) for field in fields(kind)}


def _dataclass(kind: type, value: object, key: str, lenient: bool) -> object:
    if not isinstance(value, dict):
        raise ValueError(f"{_named(key)} is {_shown(value)}; expected an object")
    known = _fields(kind)
    for name in value:
        if name not in known:
            raise ValueError(f"{_named(_below(key, name))} is no key of this file; is it misspelt?")
    given = {}
    for name, (hint, field) in known.items():
        if name in value:
            given[name] = from_json(hint, value[name], _below(key, name), lenient)
        elif not lenient or (field.default is MISSING and field.default_factory is MISSING):
            raise ValueError(f"{_named(_below(key, name))} is missing")
    return kind(**given)


def _one_of(kinds: tuple[Any, ...], value: object, key: str, lenient: bool) -> object:
    """The first type that fits; what is wrong inside an object is said of the object's keys."""
    if isinstance(value, dict):
        for kind in kinds:
            if is_dataclass(kind):
                return from_json(kind, value, key, lenient)
    for kind in kinds:
        try:
            return from_json(kind, value, key, lenient)
        except ValueError:
            continue
    expected = " or ".join(_expected(kind) for kind in kinds)
    raise ValueError(f"{_named(key)} is {_shown(value)}; expected {expected}")


def _is(kind: type, value: object) -> bool:
    if isinstance(value, bool):  # which Python takes for a number
        return kind is bool
    if kind is float and isinstance(value, int):
        return value.bit_length() <= LARGEST_BITS
    return isinstance(value, kind)


def _below(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _named(key: str) -> str:
    return f"key {one_printable_line(key)}" if key else "the file"


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return repr(value) if len(repr(value)) < 60 else f"{repr(value)[:57]}..."


def _expected(kind: Any) -> str:  # noqa: ANN401
    if get_origin(kind) is Literal:
        return " or ".join(repr(each) for each in get_args(kind))
    if get_origin(kind) is list:
        return "a list"
    return WORDS.get(kind, "an object")
