"""Where a model's frames lie in the audio, and how long audio is cut into windows of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

MARGIN = 6
"""A window shares a sixth of its frames with the next one at either side, at least: the default of
transformers' speech recognition pipeline, ``stride_length_s = chunk_length_s / 6``."""


@dataclass(frozen=True)
class Window:
    """A piece of audio that goes through the model at once.

    Attributes:
        start: First sample.
        stop: Sample after the last.
        skipped: Frames at its start that the window before it has given.
        kept: Frames after them to keep.
    """

    start: int
    stop: int
    skipped: int
    kept: int


@dataclass(frozen=True)
class FrameGrid:
    """Frames at regular distances. All lengths in samples at the model's rate.

    Attributes:
        hop: From one frame's centre to the next; may be a fraction.
        centre: Centre of the first frame: the middle of the samples that it is made of.
        needs: Length of the shortest clip that has a first frame of its own. Each further frame
            needs a hop more.
        window_samples: Longest audio that goes through the model at once.
        window_frames: Frames of audio of that length.
    """

    hop: float
    centre: float
    needs: float
    window_samples: int
    window_frames: int

    def count(self, samples: int) -> int:
        """Frames of a clip of that many samples: at least one, and no more than it has room for."""
        frames = max(1, math.floor((samples - self.needs) / self.hop) + 1)
        return min(frames, self.window_frames) if samples <= self.window_samples else frames

    def times_ms(self, samples: int, sample_rate: int) -> list[float]:
        """Centres of a clip's frames, ms.

        Products, not running sums, so that nothing drifts. Where the first frame is wider than the
        clip, its centre is put at the clip's end at the latest.
        """
        scale = 1000 / sample_rate
        centres = (self.centre + j * self.hop for j in range(self.count(samples)))
        return [min(centre, samples) * scale for centre in centres]

    def windows(self, samples: int) -> Iterator[Window]:
        """Cut a clip into windows whose kept frames are all of the clip's, each once.

        A clip that fits into a window is one. All others are whole windows: the last one begins
        early enough to end with the clip. Two neighbours meet in the middle of what they share.
        """
        total, size = self.count(samples), self.window_frames
        last = max(0, total - size)
        starts = [*range(0, last, size - 2 * (size // MARGIN)), last]
        meetings = [(b + a + size) // 2 for a, b in pairwise(starts)]
        edges = [0, *meetings, total]
        for start, (first, end) in zip(starts, pairwise(edges), strict=True):
            begin = round(start * self.hop)
            stop = min(samples, begin + self.window_samples)
            yield Window(begin, stop, first - start, end - first)
