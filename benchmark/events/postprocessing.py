"""From frame probabilities to sound events: median filter, threshold, runs, minimum duration.

Source: heareval.predictions.task_predictions.create_events_from_prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.events.frames import ClipFrames, MedianWindows, median_windows
from benchmark.events.table import Event, EventTable
from benchmark.protocol import parameter_points

THRESHOLD = 0.5  # a class is active in a frame above it, strictly

# heareval.predictions.task_predictions.EVENT_POSTPROCESSING_GRID
DEFAULT_GRID: Mapping[str, Sequence[float]] = {
    "median_filter_ms": [250],
    "min_duration": [125, 250],
}


class Postprocessing(NamedTuple):
    """How frame probabilities become events.

    Attributes:
        median_filter_ms: Length of the median filter over frames, ms; 0 for none.
        min_duration: Shortest event that is kept, ms.
    """

    # Upstream's defaults, which count where a task's grid names one of the two only.
    median_filter_ms: float = 150
    min_duration: float = 60


def postprocessing_points(grid: Mapping[str, Sequence[float]] | None) -> list[Postprocessing]:
    """All points of a task's post-processing grid, in scikit-learn's order.

    Raises:
        ValueError: The grid has a key other than the two of `Postprocessing`.
    """
    grid = DEFAULT_GRID if grid is None else grid
    unknown = sorted(set(grid) - set(Postprocessing._fields))
    if unknown:
        raise ValueError(
            f"event_postprocessing_grid has the unknown key {unknown[0]!r}: "
            f"known are {', '.join(Postprocessing._fields)}."
        )
    return [Postprocessing(**point) for point in parameter_points(grid)]


def short_events(events: Iterable[Event], grid: Mapping[str, Sequence[float]]) -> str | None:
    """What to say of events that are shorter than any that a grid can put out; None if none are.

    An event that is put out lasts as long as the shortest duration that is kept, at least. A run of
    active frames of half a median filter's length or less is filtered away.

    Args:
        events: Of a task; times in ms. Those without length are not counted.
        grid: Values of the post-processing.
    """
    lengths = [length for e in events if (length := e.offset_ms - e.onset_ms) > 0]
    shortest = min(
        max(point.min_duration, point.median_filter_ms / 2) for point in postprocessing_points(grid)
    )
    short = sum(length < shortest for length in lengths)
    if not short:
        return None
    return (
        f"{short} of {len(lengths)} events last less than {shortest:g} ms, the shortest that the "
        "post-processing (median filter and shortest duration) can put out: no model can find them."
    )


def active_frames(probabilities: NDArray[np.float32], windows: MedianWindows) -> NDArray[np.bool_]:
    """Which classes are active in each frame: the filtered probability exceeds 0.5.

    Order statistics commute with a threshold: the median of a window exceeds 0.5 iff enough of
    the window's frames do, so counts take the place of sorting. SciPy's median has the rank
    ``width // 2``, hence exceeds 0.5 iff at least ``width - width // 2`` frames do.

    Args:
        probabilities: Shape (frames, classes), in [0, 1].
        windows: From `median_windows`, for the same frames.

    Returns:
        bool, shape (frames, classes).
    """
    above = (probabilities > THRESHOLD)[windows.padded]
    counts = np.zeros((len(above) + 1, above.shape[1]), dtype=np.int32)
    np.cumsum(above, axis=0, out=counts[1:])
    needed = windows.width - windows.width // 2
    result: NDArray[np.bool_] = (
        counts[windows.start + windows.width] - counts[windows.start] >= needed[:, None]
    )
    return result


def runs(active: NDArray[np.bool_], frames: ClipFrames) -> EventTable:
    """Every run of consecutive active frames of a class in a clip, as an event.

    An event begins at its first frame's time and ends at its last frame's time, so an event of
    one frame lasts 0 ms. Events are sorted by clip, then onset, then vocabulary index.

    Args:
        active: Shape (frames, classes).
        frames: Layout of the same frames.
    """
    before = np.zeros_like(active)
    before[1:] = active[:-1] & ~frames.first[1:, None]
    after = np.zeros_like(active)
    after[:-1] = active[1:] & ~frames.last[:-1, None]
    # Transposed: class by class, so that the n-th start belongs to the n-th end.
    label, start = np.nonzero((active & ~before).T)
    _, end = np.nonzero((active & ~after).T)
    order = np.lexsort((label, start))
    start, end, label = start[order], end[order], label[order]
    return EventTable(frames.clip[start], label, frames.times_ms[start], frames.times_ms[end])


def keep_longer(events: EventTable, min_duration: float) -> EventTable:
    """Drop the events that last less than ``min_duration`` ms."""
    kept = events.offset_ms - events.onset_ms >= min_duration
    return EventTable(
        events.clip[kept], events.label[kept], events.onset_ms[kept], events.offset_ms[kept]
    )


def events_from_frames(
    probabilities: NDArray[np.float32], frames: ClipFrames, postprocessing: Postprocessing
) -> EventTable:
    """Events of all clips from their frames' probabilities, shape (frames, classes)."""
    windows = median_windows(frames, postprocessing.median_filter_ms)
    return keep_longer(
        runs(active_frames(probabilities, windows), frames), postprocessing.min_duration
    )
