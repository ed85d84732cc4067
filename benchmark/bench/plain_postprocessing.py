"""Frame probabilities to events clip by clip and class by class, in SciPy and Python loops.

What `benchmark.events.postprocessing` does at once; the algorithm is that of
heareval.predictions.task_predictions.create_events_from_prediction.
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from benchmark.events.frames import ClipFrames
from benchmark.events.postprocessing import THRESHOLD, Postprocessing
from benchmark.events.table import Event


def plain_events(
    probabilities: NDArray[np.float32],
    frames: ClipFrames,
    vocabulary: tuple[str, ...],
    point: Postprocessing,
) -> dict[str, list[Event]]:
    """Events of every clip, by onset.

    Args:
        probabilities: Shape (frames, classes).
        frames: Where the clips' frames lie.
        vocabulary: Label of each class.
        point: Median filter and shortest event.
    """
    events = {}
    for clip, name in enumerate(frames.names):
        rows = slice(frames.bounds[clip], frames.bounds[clip + 1])
        times = frames.times_ms[rows]
        width = round(float(point.median_filter_ms / np.mean(np.diff(times))))
        filtered = median_filter(probabilities[rows], size=(width, 1), mode="reflect")
        events[name] = _clip_events(filtered > THRESHOLD, times, vocabulary, point.min_duration)
    return events


def _clip_events(
    active: NDArray[np.bool_],
    times: NDArray[np.float64],
    vocabulary: tuple[str, ...],
    min_duration: float,
) -> list[Event]:
    events = []
    for column, label in enumerate(vocabulary):
        places = enumerate(np.flatnonzero(active[:, column]).tolist())
        for _, run in groupby(places, key=lambda place: place[1] - place[0]):
            indices = [index for _, index in run]
            start, end = float(times[indices[0]]), float(times[indices[-1]])
            if end - start >= min_duration:
                events.append(Event(label, start, end))
    return sorted(events, key=lambda event: event.onset_ms)
