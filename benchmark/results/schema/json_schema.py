"""The JSON schema (draft 2020-12) of a cell, from its dataclasses, with the meaning of each key.

Source: https://json-schema.org/draft/2020-12/json-schema-core and -validation.
"""

from __future__ import annotations

import json
import types
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from benchmark.results.cells import SCHEMA, Cell
from benchmark.results.schema.typed_json import NON_FINITE
from msssl_common.typed_data import field_types

MEANINGS = {
    "module": "the HEAR module",
    "module.label": "its row in tables",
    "module.module": "its import name",
    "module.checkpoint": "path or name given to its load_model; empty for its default",
    "module.note": "what the module says of its row",
    "module.weights_hash": "SHA-256 of the model's parameters and buffers; empty if it could not "
    "be loaded, as all that follows",
    "module.module_hash": "SHA-256 of weights, code, checkpoint, sample rate and embedding sizes",
    "module.sample_rate": "Hz",
    "module.parameters": "number of the model's parameters",
    "module.scene_embedding_size": "numbers in the embedding of a clip",
    "module.timestamp_embedding_size": "numbers in the embedding of a frame",
    "module.distribution": "name and version of the installed distribution that the module is "
    "from; empty where it is from none, e.g. from the current folder",
    "module.licence": "licence of the weights, an SPDX expression; empty if it is not known, and "
    "in cells older than that",
    "task": "the task; of one that cannot be read, the name of its folder",
    "task.task": "folder name",
    "task.family": "unknown if the task cannot be read",
    "task.score": "the task's first score, the one in leaderboards",
    "task.notice": "what the task's author wants said beside its scores",
    "task.folds": "number of splits that are tested",
    "task.own_grid": "hyperparameters that the task's metadata takes out of the grid's hands",
    "protocol": "how heads were trained and judged; scores compare only under equal protocols",
    "protocol.grid": "default is HEAR's published one; fast and faster are smaller",
    "protocol.seed": "for the grid's order, initialisation and dropout",
    "protocol.mode": "exact is hear-eval-kit's arithmetic; fast trains the grid's heads together",
    "protocol.rules": "published keeps faults that published numbers depend on; strict mends them",
    "protocol.grid_points": "points of the grid that are tried, at most",
    "protocol.version": "of the code of heads and scores",
    "protocol.limit": "clips of each split that were used, at most; null for all",
    "protocol.probe": "what reads the embeddings: mlp (HEAR's head), linear (logistic regression) "
    "or knn (nearest neighbours); grid, mode and grid points are of mlp alone",
    "protocol.shots": "clips of each class to train on, drawn by the seed, and as many to validate "
    "on; null for all",
    "task_hash": "SHA-256 of the task's metadata, labels and audio at the module's sample rate; "
    "empty if it could not be worked out",
    "reason": "why the cell failed, one sentence; null if it is finished",
    "folds": "of each test split, in order; empty if the cell failed",
    "folds.fold": "name of the split that was tested",
    "folds.scores": "scores of the split by name; test_loss is the heads' loss",
    "folds.validation_score": "selection score of the chosen head",
    "folds.epoch": "its best epoch, from 0; 0 of probes without epochs",
    "folds.hyperparameters": "the grid point that was chosen",
    "folds.postprocessing": "what was chosen for events; empty for scene tasks",
    "folds.validation_curve": "epoch and watched number of every validation of the chosen head's "
    "training; empty in cells older than that",
    "folds.selected_by": "what selected the head where the validation split leaves the first score "
    "undefined; else empty",
    "folds.steps": "optimiser steps of the chosen head's training, up to its last validation; null "
    "of probes and in cells older than that",
    "cost": "what the cell cost; null if it failed",
    "cost.embedding_size": "numbers in one embedding of this task",
    "cost.clips": "clips in all splits of the task",
    "cost.audio_seconds": "their length together, s",
    "cost.embedding_seconds": "wall time of embedding the task, when that was done, s",
    "cost.model_seconds": "of it, inside the module, s",
    "cost.embedding_cached": "whether an earlier run had embedded the task",
    "cost.head_seconds": "wall time of training and testing all heads, s; after a stop, of those "
    "that were left",
    "cost.peak_memory_bytes": "size of the model and of what embedding took beside it, at the "
    "peak; null where that cannot be measured",
    "embedding_dtype": "type in which embeddings were kept: float32 or float16",
    "predictions_hash": "SHA-256 of the predictions file beside the cell (same name, .npz); empty "
    "if there is none",
    "device": "torch device of the module and of fast mode's heads",
    "versions": "of Python, this package and those that decide numbers",
    "machine": "architecture, operating system, cores and processor or GPU; the type in which "
    "mode fast multiplies there",
    "date": "when the cell was finished or failed, UTC, ISO 8601",
    "command": "the command line that made the cell; empty in cells older than that",
    "degenerate": "shares of embeddings that heads cannot learn from, each only if it is not 0: of "
    "clips, equal (to another clip's), huge (a value above 1e17), tiny (none above 1e-5) and still "
    "(all frames equal); of the numbers of an embedding, constant (the same in every clip); empty "
    "in cells older than that",
    "schema": "version of this layout",
}


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
