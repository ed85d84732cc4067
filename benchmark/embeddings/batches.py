"""Batches for a module: clips of one length, as many as memory allows."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.models.hear_module import HearModule, HearModuleOutOfMemoryError
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

    def lengths(self) -> Iterator[tuple[int, list[int]]]:
        """Each length in samples, and which clips have it."""
        yield from self._same_length.items()

    def batch(self, length: int, start: int, count: int) -> tuple[list[Clip], torch.Tensor]:
        """Some clips of a length, and their audio, shape (clips, length).

        Args:
            length: Samples.
            start: The first of them, from 0 on.
            count: How many at most.
        """
        chosen = [self.clips[index] for index in self._same_length[length][start : start + count]]
        if length in self._rows:
            return chosen, torch.from_numpy(self._rows[length][start : start + count])
        return chosen, torch.from_numpy(np.stack([audio for _, audio in chosen]))


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
        embedded: dict[int, Embedded] = {}
        for length, indices in chunk.lengths():
            results = self._embed_same_length(chunk, length, len(indices))
            embedded.update(zip(indices, results, strict=True))
        return [embedded[index] for index in range(len(chunk.clips))]

    def _embed_same_length(self, chunk: Chunk, length: int, count: int) -> list[Embedded]:
        embedded: list[Embedded] = []
        while len(embedded) < count:
            clips, audio = chunk.batch(length, len(embedded), max(1, self.samples // length))
            try:
                embedded += self._call([name for name, _ in clips], audio)
                continue
            except HearModuleOutOfMemoryError as error:
                if len(clips) == 1:
                    raise self._too_long(clips[0]) from error
            # The exception holds on to what the module had made: it must be gone by now.
            self.samples = len(clips) // 2 * length
            gc.collect()
            torch.cuda.empty_cache()
        return embedded

    def _call(self, names: Sequence[str], audio: torch.Tensor) -> list[Embedded]:
        if self.scene:
            return [(row[None], np.empty(0)) for row in self.hear.scene(audio, names)]
        return list(zip(*self.hear.timestamps(audio, names), strict=True))

    def _too_long(self, clip: Clip) -> HearModuleError:
        name, audio = clip
        return HearModuleError(
            f"{self.hear.spec} ran out of memory on {name} alone "
            f"({len(audio) / self.hear.sample_rate:.1f} s, device {self.hear.device}): it needs a "
            "device with more memory"
        )
