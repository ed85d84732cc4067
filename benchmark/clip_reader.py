"""Clips in row order, decoded a little ahead of whoever embeds them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.tasks.audio import read_clip
from benchmark.tasks.task import Task
from msssl_common.workers import in_order

READERS = 2  # threads
READ_AHEAD_SECONDS = 120.0  # of audio, held in memory decoded
CLIPS_AHEAD = 8  # the same, where the length of clips is unknown

Clip = tuple[str, NDArray[np.float32]]
"""File name and mono audio, shape (samples,)."""


def read_ahead(
    task: Task, split: str, files: Sequence[str], sample_rate: int
) -> Generator[Clip, None, None]:
    """Clips in order, decoded by a few threads while the model is busy with earlier ones."""
    depth = CLIPS_AHEAD
    if task.sample_duration:
        depth = max(2, int(READ_AHEAD_SECONDS / task.sample_duration))

    def read(file: str) -> NDArray[np.float32]:
        return read_clip(task, split, file, sample_rate)

    yield from in_order(read, files, READERS, depth)


def chunks(clips: Iterator[Clip], samples: int) -> Iterator[list[Clip]]:
    """Runs of clips of at most ``samples`` samples together; a longer clip is a run of its own.

    What follows a run does not depend on what was before it.
    """
    chunk: list[Clip] = []
    held = 0
    for name, audio in clips:
        if chunk and held + len(audio) > samples:
            yield chunk
            chunk, held = [], 0
        chunk.append((name, audio))
        held += len(audio)
    if chunk:
        yield chunk
