"""The choice of post-processing on a validation split.

Source: heareval.predictions.task_predictions.EventPredictionModel._score_epoch_end.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmark.events.frames import ClipFrames, MedianWindows, median_windows
from benchmark.events.postprocessing import Postprocessing, active_frames, keep_longer, runs
from benchmark.events.table import EventTable
from benchmark.scores import EventScore


class PostprocessingSearch:
    """Finds the best of a few post-processings for frame probabilities.

    What depends on the clips alone is worked out once, since a search runs at every validation.

    Args:
        points: Post-processings to try.
        frames: Layout of the split's frames.
        reference: The split's annotated events.
        score: Selecting score.
        smallest: Whether the smallest score is best, as of an error rate. Upstream always takes the
            largest.
    """

    def __init__(
        self,
        points: list[Postprocessing],
        frames: ClipFrames,
        reference: EventTable,
        score: EventScore,
        smallest: bool = False,
    ) -> None:
        self.points = points
        self.frames = frames
        self.reference = reference
        self.score = score
        self.sign = -1.0 if smallest else 1.0
        self.windows: dict[float, MedianWindows] = {
            length: median_windows(frames, length)
            for length in {point.median_filter_ms for point in points}
        }

    def __call__(self, probabilities: NDArray[np.float32]) -> tuple[float, Postprocessing]:
        """Best post-processing and its score.

        As upstream has it, NaN counts as 0, and of equals the larger
        ``(median_filter_ms, min_duration)`` wins. The score that comes back is the plain one: NaN
        stays NaN.

        Args:
            probabilities: Shape (frames, classes).
        """
        found = {
            length: runs(active_frames(probabilities, windows), self.frames)
            for length, windows in self.windows.items()
        }
        ranked = []
        for point in self.points:
            events = keep_longer(found[point.median_filter_ms], point.min_duration)
            score = next(iter(self.score(self.reference, events).values()))
            ranked.append((0.0 if math.isnan(score) else self.sign * score, point, score))
        _, best, score = max(ranked)
        return score, best
