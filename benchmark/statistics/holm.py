"""Holm's correction for many tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjusted p-values: reject where they are at most alpha, and all errors together stay below.

    With m p-values in ascending order, the adjusted i-th is ``max over j <= i of
    (m - j + 1) p_(j)``, at most 1; it holds under any dependence of the tests.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6, 1979.

    Args:
        p: Shape (tests,); NaN stands for a test that could not be made, and is not counted.

    Returns:
        Shape (tests,), NaN where ``p`` is.
    """
    adjusted = np.full(len(p), np.nan)
    made = np.flatnonzero(~np.isnan(p))
    order = made[np.argsort(p[made], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted
