"""JSON values to dataclasses by their type hints, and back; what does not fit is said with its key.

JSON has no NaN and no infinities. They are written as the strings ``"NaN"``, ``"Infinity"`` and
``"-Infinity"``, as Protocol Buffers do in JSON
(https://protobuf.dev/programming-guides/json/, "float, double").
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

from msssl_common.messages import one_printable_line
from msssl_common.typed_data import Format, read_typed

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
    return read_typed(kind, value, Json(lenient), key)


class Json(Format):
    """JSON's sentences, and its numbers beyond the finite ones."""

    def number(self, value: object) -> float | None:
        """A number as it is, whole ones too if they are sure to fit; NaN and infinities by name."""
        if isinstance(value, str):
            return NON_FINITE.get(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        too_large = isinstance(value, int) and value.bit_length() > LARGEST_BITS
        return None if too_large else value

    def unknown(self, key: str, known: Sequence[str]) -> str:
        """The sentence on a key that is no field."""
        return f"{_named(key)} is no key of this file; is it misspelt?"

    def missing(self, key: str) -> str:
        """The sentence on a field without a value."""
        return f"{_named(key)} is missing"

    def wrong(self, key: str, value: object, kind: Any) -> str:  # noqa: ANN401
        """The sentence on a value that is not of a field's type."""
        union = get_origin(kind) in (Union, types.UnionType)
        kinds = get_args(kind) if union else (kind,)
        expected = " or ".join(_expected(each) for each in kinds)
        return f"{_named(key)} is {_shown(value)}; expected {expected}"


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
