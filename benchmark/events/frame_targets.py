"""Which classes sound at each frame: HEAR's rule for frame labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import Event

END_TOLERANCE = 0.0001  # ms; heareval.embeddings.task_embeddings adds it to every event's end


def frame_targets(
    timestamps_ms: NDArray[np.float64], events: Sequence[Event], vocabulary: Sequence[str]
) -> NDArray[np.float32]:
    """Label each frame of one clip: a class is active iff ``onset <= t < offset + 0.0001`` ms.

    All comparisons are in float64. hear-eval-kit holds the timestamps in float32, which NumPy 1
    compared in float64 and NumPy 2 compares in float32; the published numbers are NumPy 1's.

    Args:
        timestamps_ms: Frame times, shape (frames,), ms.
        events: The clip's reference events.
        vocabulary: Class names; a column of the result is an index into it.

    Returns:
        float32 multi-hot, shape (frames, classes).

    Raises:
        ValueError: An event ends before it starts, or its label is not in the vocabulary.
    """
    times = np.asarray(timestamps_ms, dtype=np.float64)
    column = {label: idx for idx, label in enumerate(vocabulary)}
    targets = np.zeros((len(times), len(vocabulary)), dtype=np.float32)
    for event in events:
        if event.onset_ms > event.offset_ms:
            raise ValueError(
                f"The event {event.label!r} starts at {event.onset_ms} ms, after its end at "
                f"{event.offset_ms} ms: correct the task's labels."
            )
        if event.label not in column:
            raise ValueError(
                f"The event label {event.label!r} is not in the task's vocabulary: "
                "add it to labelvocabulary.csv or correct the label."
            )
        active = (times >= event.onset_ms) & (times < event.offset_ms + END_TOLERANCE)
        targets[active, column[event.label]] = 1.0
    return targets
