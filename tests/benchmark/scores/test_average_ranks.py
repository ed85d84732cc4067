"""Ranks against SciPy's."""

import numpy as np
import pytest
from scipy.stats import rankdata

from benchmark.scores.ranking import average_ranks


@pytest.mark.parametrize("rows", [1, 2, 7, 500])
@pytest.mark.parametrize("levels", [1, 3, 10**6])
def test_ranks_are_scipys(rows, levels):
    generator = np.random.default_rng(rows)
    values = generator.integers(levels, size=(rows, 5)).astype(np.float32) / levels
    values[generator.random(values.shape) < 0.05] = -np.inf
    values[-1, 3] = np.nan
    assert np.array_equal(average_ranks(values), rankdata(values, axis=0), equal_nan=True)
