"""Where each clip's frames lie in a split, and the median filter's windows over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClipFrames:
    """Frames of a split's clips, one clip after the other.

    Attributes:
        times_ms: float64, shape (frames,), time of each frame in its clip, ms.
        clip: int64, shape (frames,), index of each frame's clip.
        bounds: int64, shape (clips + 1,): clip i has the frames ``bounds[i]:bounds[i + 1]``.
        first: bool, shape (frames,), true at a clip's first frame.
        last: bool, shape (frames,), true at a clip's last frame.
        names: File name of each clip.
    """

    times_ms: NDArray[np.float64]
    clip: NDArray[np.int64]
    bounds: NDArray[np.int64]
    first: NDArray[np.bool_]
    last: NDArray[np.bool_]
    names: tuple[str, ...]


def clip_frames(
    timestamps_ms: NDArray[np.float64], frames_per_clip: NDArray[np.int64], names: Sequence[str]
) -> ClipFrames:
    """Lay out the frames of consecutive clips.

    Raises:
        ValueError: A clip has no frame, counts do not add up, or times do not increase in a clip.
    """
    times = np.asarray(timestamps_ms, dtype=np.float64)
    counts = np.asarray(frames_per_clip, dtype=np.int64)
    if counts.sum() != len(times) or len(counts) != len(names):
        raise ValueError(
            f"{len(times)} timestamps do not fit {len(names)} clips with {counts.sum()} frames "
            "in all: embed the task again."
        )
    if (counts < 1).any():
        name = names[int(np.argmin(counts))]
        raise ValueError(f"Clip {name!r} has no timestamp embeddings, so no event can be scored.")
    bounds = np.concatenate([[0], np.cumsum(counts)])
    first, last = np.zeros((2, len(times)), dtype=bool)
    first[bounds[:-1]] = True
    last[bounds[1:] - 1] = True
    clip = np.repeat(np.arange(len(counts)), counts)
    stalled = ~(np.diff(times) > 0) & ~first[1:]
    if stalled.any():
        name = names[clip[int(np.argmax(stalled))]]
        raise ValueError(
            f"The timestamps of clip {name!r} do not increase from frame to frame: "
            "the module must return them in ms, in time order."
        )
    return ClipFrames(times, clip, bounds, first, last, tuple(names))


@dataclass(frozen=True)
class MedianWindows:
    """For each frame, the stretch of a padded sequence that its median filter sees.

    Attributes:
        padded: int64, shape (padded frames,), the frame at each place of the padded sequence.
        start: int64, shape (frames,), first place of a frame's window.
        width: int64, shape (frames,), number of places of a frame's window.
    """

    padded: NDArray[np.int64]
    start: NDArray[np.int64]
    width: NDArray[np.int64]


def filter_width(frames: ClipFrames, clip: int, median_filter_ms: float) -> int:
    """Median filter width of one clip in frames, rounded half to even; 0 means no filter.

    Source: heareval.predictions.task_predictions.create_events_from_prediction.

    Raises:
        ValueError: The clip has one frame only, so that its hop is unknown.
    """
    if not median_filter_ms:
        return 0
    times = frames.times_ms[frames.bounds[clip] : frames.bounds[clip + 1]]
    if len(times) < 2:
        raise ValueError(
            f"Clip {frames.names[clip]!r} has one timestamp only: the median filter of "
            f"{median_filter_ms} ms needs the hop between at least two."
        )
    return round(float(median_filter_ms / np.mean(np.diff(times))))


def median_windows(frames: ClipFrames, median_filter_ms: float) -> MedianWindows:
    """Windows of ``scipy.ndimage.median_filter(size=(width, 1), mode="reflect")`` in every clip.

    A window of an even width reaches one frame further to the past, as SciPy's does.
    """
    padded, start, width = [], [], []
    place = 0
    for clip in range(len(frames.names)):
        rows = np.arange(frames.bounds[clip], frames.bounds[clip + 1])
        size = max(filter_width(frames, clip, median_filter_ms), 1)
        padded.append(np.pad(rows, (size // 2, size - 1 - size // 2), mode="symmetric"))
        start.append(place + np.arange(len(rows)))
        width.append(np.full(len(rows), size))
        place += len(padded[-1])
    return MedianWindows(np.concatenate(padded), np.concatenate(start), np.concatenate(width))
