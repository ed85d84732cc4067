"""The text of a cell's file, of this version and of those before."""

from __future__ import annotations

import json
from typing import Any

from benchmark.results.cells import SCHEMA, Cell
from benchmark.results.schema.typed_json import from_json, to_json
from msssl_common.bounds import check_count
from msssl_common.messages import one_printable_line

OLDEST = 1  # that is read
MOST_SCORES = 1000  # of a fold; HEAR's tasks have at most 13


def cell_text(cell: Cell) -> str:
    """A cell as JSON, NaN and infinite numbers as strings (see `typed_json`)."""
    return json.dumps(to_json(cell), indent=1, allow_nan=False) + "\n"


def cell_of(text: str) -> Cell:
    """The cell in a file of any version that is known.

    Cells of schemas 1 and 2 have bare NaN and Infinity. Those of every earlier schema lack what was
    not kept in their time: it is then empty. The version that they carry becomes this one's, as
    what is in memory is.

    Raises:
        ValueError: What is wrong, with the key; no capital letter and no full stop, so that the
            file can be named before it.
    """
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the file is no JSON ({error})") from error
    if not isinstance(facts, dict):
        raise ValueError("the file is no JSON object")
    schema = facts.get("schema")
    if not isinstance(schema, int) or not OLDEST <= schema <= SCHEMA:
        raise ValueError(
            f"schema {schema!r} cannot be read by this version, which knows {OLDEST} to {SCHEMA}"
        )
    if schema == 1:
        facts = _of_schema_1(facts)
    cell: Cell = from_json(Cell, {**facts, "schema": SCHEMA}, lenient=schema < SCHEMA)
    _check_whole(cell)
    return cell


def _of_schema_1(facts: dict[str, Any]) -> dict[str, Any]:
    """Before modes and rules had names: all was exact and published, folds shared their head.

    Post-processing was kept of the first fold alone.
    """
    protocol = {"mode": "exact", "rules": "published", **_object(facts, "protocol")}
    shared = {"hyperparameters": facts.get("hyperparameters", {})}
    folds = facts.get("folds")
    if isinstance(folds, list) and all(isinstance(fold, dict) for fold in folds):
        folds = [{**shared, **fold} for fold in folds]
        if folds:
            folds[0]["postprocessing"] = facts.get("postprocessing", {})
    moved = ("hyperparameters", "postprocessing")
    kept = {name: value for name, value in facts.items() if name not in moved}
    return {**kept, "protocol": protocol, "folds": folds}


def _object(facts: dict[str, Any], key: str) -> dict[str, Any]:
    value = facts.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"key {key} is missing or no object")
    return value


def _check_whole(cell: Cell) -> None:
    """A finished cell has scores and a cost; what tables look up is there."""
    if cell.reason is not None:
        return
    if cell.cost is None:
        raise ValueError("key cost is null, though the cell has no reason for having failed")
    if len(cell.folds) != cell.task.folds:
        raise ValueError(
            f"key folds has {len(cell.folds)} entries, though key task.folds says {cell.task.folds}"
        )
    most = max(len(fold.scores) for fold in cell.folds)
    check_count(most, MOST_SCORES, "scores in one fold", "key folds")
    names = [cell.task.score, *cell.folds[0].scores]
    for index, fold in enumerate(cell.folds):
        for name in names:
            if name not in fold.scores:
                raise ValueError(f"key folds[{index}].scores.{one_printable_line(name)} is missing")
