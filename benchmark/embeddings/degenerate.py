"""Embeddings that heads cannot learn from: which share of a task's clips has them.

Their scores are chance and look like any others. The rows are read once, a block at a time; two
clips are compared by four random projections of their embeddings, so that memory stays small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.models.learnable import HUGE, TINY

BLOCK_VALUES = 1 << 22  # at a time: 16 MB of float32
PROJECTIONS = 4
EQUAL = 3e-6  # of the largest absolute value; float rounding stays below
Values = NDArray[np.float64]


@dataclass(frozen=True)
class _Clips:
    """What is kept of some clips.

    Attributes:
        largest: Absolute value, shape (clips,).
        projected: Mean of the frames over the largest value, projected, and that value's
            logarithm, shape (clips, projections + 1).
        still: Whether all frames are equal, shape (clips,); of one frame, False.
        lowest: Of each number of the embeddings, shape (size,).
        highest: The same.
    """

    largest: Values
    projected: Values
    still: NDArray[np.bool_]
    lowest: Values
    highest: Values


def degenerate_shares(splits: Iterable[SceneSplit | EventSplit]) -> dict[str, float]:
    """Shares that are not zero, of all clips of a task.

    ``equal``: clips with the embedding of another clip (of events: the mean of their frames).
    ``huge`` and ``tiny``: clips whose largest absolute value is beyond what heads can learn from.
    ``still``: clips of several frames that are all equal. ``constant``: of the numbers of an
    embedding, those that are the same in every clip.
    """
    found = [block for split in splits for block in _blocks(split)]
    largest = np.concatenate([block.largest for block in found])
    lowest = np.min([block.lowest for block in found], axis=0)
    highest = np.max([block.highest for block in found], axis=0)
    size_of_number = np.maximum(np.abs(lowest), np.abs(highest))
    shares = {
        "equal": _with_an_equal(np.concatenate([block.projected for block in found])).mean(),
        "huge": (largest > HUGE).mean(),
        "tiny": (largest < TINY).mean(),
        "still": np.concatenate([block.still for block in found]).mean(),
        "constant": (highest - lowest <= EQUAL * size_of_number).mean(),
    }
    return {kind: float(share) for kind, share in shares.items() if share > 0}


def _blocks(split: SceneSplit | EventSplit) -> Iterator[_Clips]:
    """Go through a split's rows, whole clips at a time."""
    rows = split.embeddings
    ends = np.arange(1, len(rows) + 1)
    if isinstance(split, EventSplit):
        ends = np.cumsum(split.frames_per_clip)
    most = max(1, BLOCK_VALUES // rows.shape[1])
    start, first = 0, 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, start + most, side="right")))
        starts = np.concatenate([[start], ends[first : last - 1]]) - start
        yield _facts(np.asarray(rows[start : ends[last - 1]], np.float64), starts)
        start, first = int(ends[last - 1]), last


def _facts(rows: Values, starts: NDArray[np.int64]) -> _Clips:
    """Facts of clips whose rows are one after another."""
    frames = np.diff(np.append(starts, len(rows)))
    low = high = mean = rows
    if len(starts) < len(rows):
        low, high = np.minimum.reduceat(rows, starts), np.maximum.reduceat(rows, starts)
        mean = np.add.reduceat(rows, starts) / frames[:, None]
    largest = np.maximum(high.max(axis=1), -low.min(axis=1))
    scaled = mean / np.maximum(largest, np.finfo(np.float64).tiny)[:, None]
    size = rows.shape[1]
    directions = np.random.default_rng(0).normal(size=(size, PROJECTIONS)) / np.sqrt(size)
    level = np.log(np.maximum(largest, np.finfo(np.float64).tiny))  # one may be a multiple
    still = (frames > 1) & ((high - low).max(axis=1) <= EQUAL * largest)
    projected = np.column_stack([scaled @ directions, level])
    return _Clips(largest, projected, still, low.min(axis=0), high.max(axis=0))


def _with_an_equal(projected: Values) -> NDArray[np.bool_]:
    """Which rows have an equal one: equals are neighbours in the order of some projection."""
    equal = np.zeros(len(projected), bool)
    for column in projected.T:
        order = np.argsort(column)
        near = np.abs(np.diff(projected[order], axis=0)).max(axis=1) <= EQUAL
        equal[order[1:]] |= near
        equal[order[:-1]] |= near
    return equal
