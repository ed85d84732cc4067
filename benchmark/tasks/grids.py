"""Bounds of the grids that a task's metadata may set: nobody's folder decides how long a run takes.

HEAR's own tasks stay far below: at most 4 values of a parameter, 2 hidden layers of 1,024 units.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmark.tasks.metadata import Metadata
from msssl_common.bounds import check_count

MOST_VALUES = 100  # of one parameter
MOST_POINTS = 10_000  # combinations of values
LONGEST_MS = 3_600_000  # of a filter or an event: an hour

# Smallest and largest value; whole numbers where both are.
PARAMETER_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "hidden_layers": (0, 16),
    "hidden_dim": (1, 8192),
    "dropout": (0.0, 1.0),
    "lr": (0.0, 1000.0),
    "patience": (1, 1_000_000),
    "max_epochs": (1, 1_000_000),
    "check_val_every_n_epoch": (1, 1_000_000),
    "batch_size": (1, 10_000_000),
}
PARAMETERS: Final = PARAMETER_BOUNDS.keys() | {"initialization"}


def number_fault(name: str, value: object) -> str:
    """Why a value cannot be that of a parameter with bounds; empty if it can.

    Args:
        name: A key of `PARAMETER_BOUNDS`.
        value: From a task's metadata.
    """
    low, high = PARAMETER_BOUNDS[name]
    kinds = int if isinstance(low, int) else int | float
    if isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high:
        return ""
    what = "a whole number" if isinstance(low, int) else "a number"
    return f"{value!r}, which is no sensible number: {what} from {low:g} to {high:,g} is"


def parameter_grid(metadata: Metadata) -> Mapping[str, Sequence[object]]:
    """The task's own entries in the heads' grid; empty if it has none.

    Raises:
        ValueError: An unknown key, too many values, or one out of bounds.
    """
    key = "task_specific_param_grid"
    grid = metadata.grid(key) or {}
    _check_size(metadata, key, grid)
    if unknown := sorted(grid.keys() - PARAMETERS):
        raise ValueError(
            f"{metadata.path}: 'evaluation_params.{key}' has the unknown key {unknown[0]!r}; known "
            f"are {', '.join(sorted(PARAMETERS))}."
        )
    for name in grid.keys() & PARAMETER_BOUNDS.keys():
        for value in grid[name]:
            if fault := number_fault(name, value):
                raise ValueError(f"{metadata.path}: 'evaluation_params.{key}' has {name} {fault}.")
    return grid


def postprocessing_grid(metadata: Metadata) -> Mapping[str, Sequence[float]] | None:
    """What is tried when frames become events; None if the task has none of its own.

    Raises:
        ValueError: An unknown key, too many values, or one that is no span of time.
    """
    key = "event_postprocessing_grid"
    grid = metadata.grid(key)
    if grid is None:
        return None
    _check_size(metadata, key, grid)
    for name, values in grid.items():
        if name not in ("median_filter_ms", "min_duration") or not all(map(_is_span, values)):
            raise ValueError(
                f"{metadata.path}: 'evaluation_params.{key}' may have lists of milliseconds, from "
                f"0 to {LONGEST_MS:,}, under median_filter_ms and min_duration, but has {name!r}: "
                f"{values!r}."
            )
    return grid


def _is_span(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= LONGEST_MS


def _check_size(metadata: Metadata, key: str, grid: Mapping[str, Sequence[Any]]) -> None:
    where = f"{metadata.path}: 'evaluation_params.{key}'"
    for name, values in grid.items():
        check_count(len(values), MOST_VALUES, f"values of {name}", where, ".")
    points = math.prod(len(values) for values in grid.values())
    check_count(points, MOST_POINTS, "points", where, ".")
