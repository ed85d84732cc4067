"""JSON Schema (draft 2020-12) of a cell, from its dataclasses.

Source: https://json-schema.org/draft/2020-12/json-schema-core and -validation.
"""

from __future__ import annotations

import json
import types
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from benchmark.results import SCHEMA, Cell
from benchmark.schema.meanings import MEANINGS
from benchmark.schema.typed_json import NON_FINITE, field_types

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN = {str: "string", int: "integer", bool: "boolean", type(None): "null"}


def schema_path() -> Path:
    """The schema of this version's cells, as it is shipped."""
    return Path(__file__).with_name(f"cell-{SCHEMA}.json")


def schema_text() -> str:
    """What is to be in that file."""
    return json.dumps(cell_schema(), indent=1) + "\n"


def cell_schema() -> dict[str, Any]:
    """The schema. All keys are required, and no others are allowed."""
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:msssl-hear:cell-{SCHEMA}",
        "title": f"A cell of msbench's results, version {SCHEMA}",
        "description": "One HEAR module on one task under one seed, finished or failed. A number "
        'that is not finite is written as "NaN", "Infinity" or "-Infinity".',
        **_object(Cell, ""),
        # A finished cell has what a failed one lacks.
        "if": {"properties": {"reason": {"type": "null"}}},
        "then": {"properties": {"folds": {"minItems": 1}, "cost": {"type": "object"}}},
    }
    schema["properties"]["schema"] = {"const": SCHEMA, "description": MEANINGS["schema"]}
    return schema


def _object(kind: type, key: str) -> dict[str, Any]:
    properties = {}
    for name, hint in field_types(kind).items():
        below = f"{key}.{name}" if key else name
        properties[name] = {**_type(hint, below), "description": MEANINGS[below]}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _type(kind: Any, key: str) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(kind, type) and is_dataclass(kind):
        return _object(kind, key)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is list:
        return {"type": "array", "items": _type(inner[0], key)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type(inner[1], key)}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_type(each, key) for each in inner]}
    if kind is float:
        return {"anyOf": [{"type": "number"}, {"enum": list(NON_FINITE)}]}
    return {"type": PLAIN[kind]}
