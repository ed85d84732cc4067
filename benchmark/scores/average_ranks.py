"""Ranks within columns: what ``scipy.stats.rankdata`` gives, without half a second of imports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def average_ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rank of each value in its column, 1 for the smallest; of equals, the mean of their ranks.

    Args:
        values: Shape (rows, columns), at least one row.

    Returns:
        The same shape; NaN throughout a column that has one.
    """
    order = np.argsort(values, axis=0, kind="stable")
    ordered = np.take_along_axis(values, order, axis=0)
    changes = ordered[1:] != ordered[:-1]
    edge = np.ones((1, values.shape[1]), dtype=bool)
    place = np.arange(len(values))[:, None]
    first = np.maximum.accumulate(np.where(np.vstack([edge, changes]), place, 0), axis=0)
    until = np.where(np.vstack([changes, edge]), place, len(values))
    last = np.minimum.accumulate(until[::-1], axis=0)[::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=0)
    ranks[:, np.isnan(values).any(axis=0)] = np.nan
    return ranks
