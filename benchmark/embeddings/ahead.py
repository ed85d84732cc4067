"""Clips decoded ahead and embedded ahead, so that the device waits for neither files nor disk."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.embeddings import decoders
from benchmark.embeddings.batches import BatchEmbedder, Chunk, Clip, Embedded
from benchmark.embeddings.peak_memory import PeakMemory
from benchmark.models.hear_module import HearModule
from benchmark.tasks.audio import read_clip
from benchmark.tasks.task import Task
from msssl_common.workers import map_ahead, usable_cores

READERS = 2  # threads that decode while a CPU computes
GPU_READERS = 16  # the same while a GPU does, if there are as many cores
READ_AHEAD_SECONDS = 120.0  # of audio, held in memory decoded
CLIPS_AHEAD = 8  # the same, where the length of clips is unknown; for each two threads


def readers(device: str) -> int:
    """Threads that decode while a device computes."""
    return READERS if device == "cpu" else max(READERS, min(GPU_READERS, usable_cores()))


def read_ahead(
    task: Task, split: str, files: Sequence[str], hear: HearModule
) -> Generator[Clip, None, None]:
    """Clips in order, decoded by threads or processes while the model is busy with earlier ones."""
    threads = readers(hear.device)
    depth = CLIPS_AHEAD * threads // READERS
    if task.sample_duration:
        depth = max(threads, int(READ_AHEAD_SECONDS / task.sample_duration))
    if decoders.are_worth_it(hear.device, len(files)):
        yield from decoders.decode_ahead(task, split, files, hear.sample_rate, depth)
        return

    def read(file: str) -> NDArray[np.float32]:
        return read_clip(task, split, file, hear.sample_rate)

    yield from map_ahead(read, files, threads, depth)


@dataclass(frozen=True)
class EmbeddedChunk:
    """What became of a chunk.

    Attributes:
        clips: Its clips.
        embedded: Their embeddings and timestamps.
        batch_samples: `BatchEmbedder.samples` after it.
        seconds: Wall time inside the module.
        peak_memory_bytes: Of `PeakMemory`, after it.
    """

    clips: Sequence[Clip]
    embedded: list[Embedded]
    batch_samples: int
    seconds: float
    peak_memory_bytes: int | None


def embed_ahead(
    embedder: BatchEmbedder, chunks: Iterable[Sequence[Clip]], memory: PeakMemory
) -> Generator[EmbeddedChunk, None, None]:
    """Chunks in order, embedded one by one on a thread while the caller is busy with earlier ones.

    While a chunk is embedded, the next one is taken from ``chunks`` and waits for its turn, and the
    one before can be written. A chunk begins when the one before it has succeeded. A module that is
    in this process is called on the caller's thread, for a debugger's sake.

    Args:
        embedder: Of the module.
        chunks: Taken one ahead.
        memory: Read after every chunk: in between, the module's process has no time to answer.

    Raises:
        HearModuleError: As `BatchEmbedder.embed`.
    """

    def embed(chunk: Chunk, before: Future[EmbeddedChunk] | None = None) -> EmbeddedChunk:
        if before:
            before.result()  # it is done; nothing begins behind a failure
        started = time.perf_counter()
        embedded = embedder.embed_chunk(chunk)
        seconds = time.perf_counter() - started
        return EmbeddedChunk(chunk.clips, embedded, embedder.samples, seconds, memory.bytes)

    if not embedder.hear.is_elsewhere:
        yield from (embed(Chunk(embedder.hear, clips)) for clips in chunks)
        return
    running: Future[EmbeddedChunk] | None = None
    with ThreadPoolExecutor(1, "embedding") as pool:
        try:
            for clips in chunks:
                following = pool.submit(embed, Chunk(embedder.hear, clips), running)
                if running:
                    yield running.result()
                running = following
            if running:
                yield running.result()
        except KeyboardInterrupt:
            embedder.hear.close()  # what it computes would be waited for
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
