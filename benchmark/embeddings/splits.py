"""Embeddings and labels of a task's splits, as the heads see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import Event


@dataclass(frozen=True)
class SceneSplit:
    """One split of a scene task: a row per clip, in HEAR's row order.

    Attributes:
        name: Split name, e.g. ``"train"`` or ``"fold00"``.
        embeddings: float32 (or float16, if kept so), shape (clips, size).
        targets: float32 multi-hot, shape (clips, classes); a column is a vocabulary index.
        clips: File name of each row.
    """

    name: str
    embeddings: NDArray[np.float32]
    targets: NDArray[np.float32]
    clips: tuple[str, ...]


@dataclass(frozen=True)
class EventSplit:
    """One split of an event task: a row per frame, frames of a clip contiguous and in time order.

    Attributes:
        name: Split name.
        embeddings: float32 (or float16, if kept so), shape (frames, size).
        targets: float32 multi-hot, shape (frames, classes): which classes sound at each frame.
        clips: File name of each clip, in row order.
        frames_per_clip: int64, shape (clips,); sums to the number of rows.
        timestamps_ms: float64, shape (frames,), centre of each frame in its clip.
        events: Reference events by file name.
    """

    name: str
    embeddings: NDArray[np.float32]
    targets: NDArray[np.float32]
    clips: tuple[str, ...]
    frames_per_clip: NDArray[np.int64]
    timestamps_ms: NDArray[np.float64]
    events: dict[str, list[Event]]
