"""Drawing test clips with replacement."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 2**23  # counts handed out at once: 32 MiB
DRAWN_AT_ONCE = 16  # resamples; their counts fit the processor's cache


def resample_counts(
    groups: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    """How often each clip is drawn, as many groups as there are being drawn with replacement.

    Args:
        groups: Group of each clip, from 0 without gaps, shape (clips,).
        resamples: Number of resamples in all.
        rng: Source of the draws; what is drawn does not depend on `BLOCK`.

    Yields:
        float32 whole numbers, shape (some resamples, clips).
    """
    n_groups = int(groups.max()) + 1
    alone = np.array_equal(groups, np.arange(len(groups)))
    size = max(BLOCK // len(groups) // DRAWN_AT_ONCE, 1) * DRAWN_AT_ONCE
    for start in range(0, resamples, size):
        block = np.empty((min(size, resamples - start), n_groups), np.float32)
        for row in range(0, len(block), DRAWN_AT_ONCE):
            some = block[row : row + DRAWN_AT_ONCE]
            drawn = rng.integers(0, n_groups, some.shape)
            drawn += np.arange(len(some))[:, None] * n_groups
            some[:] = np.bincount(drawn.ravel(), minlength=some.size).reshape(some.shape)
        yield block if alone else block[:, groups]
