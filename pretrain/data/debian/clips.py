"""Clips of 1 to 10 s from recordings: trimmed, cut, and without silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pretrain.data.audio import SAMPLE_RATE

SHORTEST, LONGEST = 1 * SAMPLE_RATE, 10 * SAMPLE_RATE  # samples of a clip
FRAME = SAMPLE_RATE // 50  # 20 ms
QUIET = 32768 * 10 ** (-55 / 20)  # root mean square of a frame that counts as silent: -55 dB
LEAST_SOUND = 10  # frames with sound that a clip needs: 0.2 s
MARGIN = 2 * FRAME  # kept around the sound
PAUSE = SAMPLE_RATE // 10  # between short recordings that are joined
JOINED = 3 * SAMPLE_RATE  # length at which a joined clip is long enough
MOST_PER_FILE = 18  # clips of one recording: 3 minutes, spread over it


@dataclass(frozen=True)
class Clip:
    """A clip and the recordings that it is from.

    Attributes:
        samples: int16, shape (samples,), at 16 kHz.
        names: Recordings, in order; several for short ones that were joined.
        start: Where it begins in the (first) recording, seconds.
    """

    samples: NDArray[np.int16]
    names: tuple[str, ...]
    start: float


def cut_recording(name: str, samples: NDArray[np.int16]) -> list[Clip]:
    """Cut a recording into clips of equal length, at most 10 s; without those that are silent.

    A recording with less than 1 s of sound gives one clip that is as short.

    Args:
        name: Of the recording.
        samples: int16, shape (samples,).
    """
    start, end = _sounding(samples)
    count = -(-(end - start) // LONGEST)
    edges = np.linspace(start, end, count + 1).astype(np.int64)
    places = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    if count > MOST_PER_FILE:
        places = [places[i * count // MOST_PER_FILE] for i in range(MOST_PER_FILE)]
    clips = [Clip(samples[a:b], (name,), a / SAMPLE_RATE) for a, b in places]
    return [clip for clip in clips if _loud(clip.samples).sum() >= LEAST_SOUND]


def lengthen(clips: Iterable[Clip], joined: bool) -> Iterator[Clip]:
    """Make every clip at least 1 s long.

    Args:
        clips: Of one source.
        joined: Whether short ones of one folder are put one after the other, with pauses, up to
            3 s (for speech: letters and syllables of a speaker make something like a sentence).
            Else, and for what is still short then, silence is added at the end.
    """
    waiting: dict[str, list[Clip]] = {}
    for clip in clips:
        if len(clip.samples) >= SHORTEST:
            yield clip
        elif not joined:
            yield _padded(clip)
        else:
            folder = clip.names[0].rpartition("/")[0]
            group = waiting.setdefault(folder, [])
            group.append(clip)
            if _joined_length(group) >= JOINED:
                yield _join(waiting.pop(folder))
    for group in waiting.values():
        yield _padded(_join(group))


def _join(clips: list[Clip]) -> Clip:
    pause = np.zeros(PAUSE, np.int16)
    parts = [part for clip in clips for part in (clip.samples, pause)][:-1]
    names = tuple(name for clip in clips for name in clip.names)
    return Clip(np.concatenate(parts), names, clips[0].start)


def _joined_length(clips: list[Clip]) -> int:
    return sum(len(clip.samples) for clip in clips) + PAUSE * (len(clips) - 1)


def _padded(clip: Clip) -> Clip:
    missing = max(0, SHORTEST - len(clip.samples))
    return Clip(np.pad(clip.samples, (0, missing)), clip.names, clip.start)


def _sounding(samples: NDArray[np.int16]) -> tuple[int, int]:
    """Where sound begins and ends, with a little margin; (0, 0) of silence."""
    loud = np.flatnonzero(_loud(samples))
    if not len(loud):
        return 0, 0
    start = max(0, int(loud[0]) * FRAME - MARGIN)
    return start, min(len(samples), (int(loud[-1]) + 1) * FRAME + MARGIN)


def _loud(samples: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Whether there is sound in each frame of 20 ms, shape (frames,); the last may be short."""
    frames = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME).astype(np.float32)
    return np.asarray(np.sqrt(np.mean(frames**2, axis=1)) > QUIET)
