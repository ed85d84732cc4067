"""Combinations in scikit-learn's order."""

import pytest
from sklearn.model_selection import ParameterGrid

from benchmark.events.postprocessing import DEFAULT_GRID
from benchmark.heads.grid import GRIDS
from benchmark.protocol import parameter_points


@pytest.mark.parametrize(
    "grid", [*GRIDS.values(), DEFAULT_GRID, {}, {"b": [1, 2, 3], "a": ["x", "y"], "c": [None]}]
)
def test_points_are_scikit_learns_in_its_order(grid):
    assert parameter_points(grid) == list(ParameterGrid(dict(grid)))
