"""All combinations of hyperparameters, in scikit-learn's order without its second of imports."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any


def parameter_points(grid: Mapping[str, Sequence[object]]) -> list[dict[str, Any]]:
    """Every combination of values: keys are sorted, and the last one changes fastest.

    Source: sklearn.model_selection.ParameterGrid, which upstream draws from.
    """
    keys = sorted(grid)
    values = itertools.product(*(grid[key] for key in keys))
    return [dict(zip(keys, chosen, strict=True)) for chosen in values]
