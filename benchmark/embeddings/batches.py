"""Batches for a module: clips of one length, as many as memory allows."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.models.hear_module import (
    Batch,
    HearModule,
    HearModuleOutOfMemoryError,
    Returned,
)
from benchmark.models.outputs import HearModuleError

Clip = tuple[str, NDArray[np.float32]]
"""File name and mono audio, shape (samples,)."""


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


class Chunk:
    """Clips that are embedded one batch after the other, those of equal length together.

    Their audio is put where a worker process sees it, if there is room. So a chunk must be made no
    sooner than the one before it has begun to be embedded.

    Args:
        hear: The module that is to embed them.
        clips: The clips.

    Attributes:
        clips: The same.
    """

    def __init__(self, hear: HearModule, clips: Sequence[Clip]) -> None:
        self.clips = clips
        self._same_length: defaultdict[int, list[int]] = defaultdict(list)
        for index, (_, audio) in enumerate(clips):
            self._same_length[len(audio)].append(index)
        self._rows: dict[int, NDArray[np.float32]] = {}
        room = hear.room(sum(len(audio) for _, audio in clips))
        start = 0
        for length, indices in self._same_length.items() if room is not None else ():
            assert room is not None
            end = start + len(indices) * length
            self._rows[length] = room[start:end].reshape(len(indices), length)
            np.stack([clips[index][1] for index in indices], out=self._rows[length])
            start = end

    @property
    def order(self) -> list[int]:
        """Which clips are embedded one after the other: those of equal length together."""
        return [index for indices in self._same_length.values() for index in indices]

    def batches(self, samples: int, done: int) -> Iterator[Batch]:
        """Clips of equal length, batch by batch, in their order.

        Args:
            samples: Most samples of a batch, but for a single clip.
            done: How many clips to leave out at the beginning.
        """
        for length, indices in self._same_length.items():
            count = max(1, samples // length)
            for start in range(done, len(indices), count):
                yield self._batch(length, start, count)
            done = max(0, done - len(indices))

    def _batch(self, length: int, start: int, count: int) -> Batch:
        chosen = [self.clips[index] for index in self._same_length[length][start : start + count]]
        names = [name for name, _ in chosen]
        if length in self._rows:
            return names, torch.from_numpy(self._rows[length][start : start + count])
        return names, torch.from_numpy(np.stack([audio for _, audio in chosen]))


Embedded = tuple[NDArray[np.float32], NDArray[np.float64]]
"""A clip's embeddings, shape (1 or frames, size), and timestamps in ms, (frames,); scenes: (0,)."""


@dataclass
class BatchEmbedder:
    """Embeds clips in batches, never padded: HEAR's API passes no lengths, so a module would embed
    the padding with the clip.

    Attributes:
        hear: The module.
        scene: Whether to embed whole clips or their frames.
        samples: Most samples given to the module at once, or a single clip. After it ran out of
            memory, as many as half the clips of that batch have.
    """  # noqa: D205 -- one sentence

    hear: HearModule
    scene: bool
    samples: int

    def embed(self, clips: Sequence[Clip]) -> list[Embedded]:
        """Embed some clips; those of equal length share batches.

        Returns:
            Embeddings and timestamps of each clip, in the order of ``clips``.

        Raises:
            HearModuleError: The module raised, returned what HEAR does not allow, or had not the
                memory for a single clip.
        """
        return self.embed_chunk(Chunk(self.hear, clips))

    def embed_chunk(self, chunk: Chunk) -> list[Embedded]:
        """The same of a chunk."""
        found: list[Embedded] = []

        def take(returned: Returned) -> None:
            rows, times = returned
            if times is None:
                found.extend((row[None], np.empty(0)) for row in rows)
            else:
                found.extend(zip(rows, times, strict=True))

        while len(found) < len(chunk.clips):
            try:
                self.hear.embed_each(self.scene, chunk.batches(self.samples, len(found)), take)
                continue
            except HearModuleOutOfMemoryError as error:
                names, audio = next(chunk.batches(self.samples, len(found)))
                if len(names) == 1:
                    raise self._too_long(names[0], audio) from error
            # The exception holds on to what the module had made: it must be gone by now.
            self.samples = len(names) // 2 * audio.shape[1]
            gc.collect()
            torch.cuda.empty_cache()
        embedded = dict(zip(chunk.order, found, strict=True))
        return [embedded[index] for index in range(len(found))]

    def _too_long(self, name: str, audio: torch.Tensor) -> HearModuleError:
        return HearModuleError(
            f"{self.hear.spec} ran out of memory on {name} alone "
            f"({audio.shape[1] / self.hear.sample_rate:.1f} s, device {self.hear.device}): it "
            "needs a device with more memory"
        )
