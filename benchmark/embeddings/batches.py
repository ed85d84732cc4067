"""Batches for a module: clips of one length, decoded ahead, as many as memory allows."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.models.hear_module import HearModule, HearModuleOutOfMemoryError
from benchmark.models.outputs import HearModuleError
from benchmark.tasks.audio import read_clip
from benchmark.tasks.task import Task
from msssl_common.workers import map_ahead

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

    yield from map_ahead(read, files, READERS, depth)


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
        same_length: defaultdict[int, list[int]] = defaultdict(list)
        for index, (_, audio) in enumerate(clips):
            same_length[len(audio)].append(index)
        embedded: dict[int, Embedded] = {}
        for indices in same_length.values():
            results = self._embed_same_length([clips[index] for index in indices])
            embedded.update(zip(indices, results, strict=True))
        return [embedded[index] for index in range(len(clips))]

    def _embed_same_length(self, clips: Sequence[Clip]) -> list[Embedded]:
        length = len(clips[0][1])
        embedded: list[Embedded] = []
        while len(embedded) < len(clips):
            count = max(1, self.samples // length)
            batch = clips[len(embedded) : len(embedded) + count]
            try:
                embedded += self._call(batch)
                continue
            except HearModuleOutOfMemoryError as error:
                if len(batch) == 1:
                    raise self._too_long(batch[0]) from error
            # The exception holds on to what the module had made: it must be gone by now.
            self.samples = len(batch) // 2 * length
            gc.collect()
            torch.cuda.empty_cache()
        return embedded

    def _call(self, clips: Sequence[Clip]) -> list[Embedded]:
        names = [name for name, _ in clips]
        batch = torch.from_numpy(np.stack([audio for _, audio in clips]))
        if self.scene:
            return [(row[None], np.empty(0)) for row in self.hear.scene(batch, names)]
        return list(zip(*self.hear.timestamps(batch, names), strict=True))

    def _too_long(self, clip: Clip) -> HearModuleError:
        name, audio = clip
        return HearModuleError(
            f"{self.hear.spec} ran out of memory on {name} alone "
            f"({len(audio) / self.hear.sample_rate:.1f} s, device {self.hear.device}): it needs a "
            "device with more memory"
        )
