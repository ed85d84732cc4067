"""One split of a task through a HEAR module into its cache entry."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

import numpy as np
import torch

from benchmark.cache import CacheEntry, EmbeddingDtype, SplitRecord, StoredSplit
from benchmark.clip_reader import Clip, chunks, read_ahead
from benchmark.embed_batch import BatchEmbedder, Embedded
from benchmark.models.hear_module import HearModule
from benchmark.models.outputs import HearModuleError
from benchmark.peak_memory import PeakMemory
from benchmark.tasks.task import Task
from benchmark.unfinished_split import Journal, UnfinishedSplit

# Audio held and embedded at once, in batches of at most as much. On a CPU, 30 to 240 s run equally
# fast. Grouping equal lengths over all of a split instead would not pay: the 3,000 spoken digits of
# any length would make batches of 1.11 clips instead of 1.03.
CHUNK_SECONDS = 60.0


def embed_split(
    hear: HearModule,
    task: Task,
    split: str,
    files: Sequence[str],
    entry: CacheEntry,
    report: Callable[[int], None],
) -> StoredSplit:
    """Embed one split into its cache entry, from the chunk on where an earlier run was stopped.

    Chunks follow from the files alone, so that where a run was stopped changes no bit.

    Args:
        hear: The module.
        task: The task.
        split: The split's name.
        files: Its clips in row order.
        entry: Where to keep the embeddings.
        report: Called with the number of clips done, after every chunk.

    Raises:
        ValueError: One sentence about the clip or module at fault.
        OSError: What was written cannot be read back.
    """
    scene = task.embedding_type == "scene"
    size = hear.scene_embedding_size if scene else hear.timestamp_embedding_size
    chunk_samples = int(CHUNK_SECONDS * hear.sample_rate)
    fresh = Journal(_made_from(hear, files, size, chunk_samples), chunk_samples)
    with UnfinishedSplit(entry, split, size, scene, fresh) as part:
        # What is complete was finished by another process, or by a run killed at the very end.
        if entry.load(split, files) is None:
            _embed_rest(hear, task, split, files, part, report)
            part.finish(_record(part.journal, files, scene, hear.sample_rate))
    stored = entry.load(split, files)
    if stored is None:
        raise OSError(f"The embeddings just written to {entry.folder} cannot be read back")
    return stored


def _embed_rest(
    hear: HearModule,
    task: Task,
    split: str,
    files: Sequence[str],
    part: UnfinishedSplit,
    report: Callable[[int], None],
) -> None:
    """Embed the clips that are not done yet, chunk by chunk, and keep the journal."""
    before = part.journal
    embedder = BatchEmbedder(hear, part.scene, before.batch_samples)
    started = time.perf_counter() - before.seconds
    memory = PeakMemory(hear.model, hear.device)
    report(before.clips)
    clips = read_ahead(task, split, files[before.clips :], hear.sample_rate)
    with memory, closing(clips):
        for chunk in chunks(clips, int(CHUNK_SECONDS * hear.sample_rate)):
            called = time.perf_counter()
            embedded = embedder.embed(chunk)
            returned = time.perf_counter()
            _check_range(hear, chunk, embedded, part.entry.dtype)
            progress = replace(
                part.journal,
                batch_samples=embedder.samples,
                samples=part.journal.samples + sum(len(audio) for _, audio in chunk),
                seconds=returned - started,
                model_seconds=part.journal.model_seconds + returned - called,
                peak_memory_bytes=max(before.peak_memory_bytes or 0, memory.bytes or 0) or None,
            )
            part.append(embedded, progress)
            report(part.journal.clips)


def _check_range(
    hear: HearModule, clips: Sequence[Clip], embedded: Sequence[Embedded], dtype: EmbeddingDtype
) -> None:
    """Refuse values that float16 would turn into infinity."""
    most = float(np.finfo(dtype).max)
    for (name, _), (rows, _) in zip(clips, embedded, strict=True):
        largest = float(np.abs(rows).max())
        if largest > most:
            raise HearModuleError(
                f"{hear.spec} returned the value {largest:.4g} for {name}, and {dtype} ends at "
                f"{most:g}: keep its embeddings in float32"
            )


def _record(journal: Journal, files: Sequence[str], scene: bool, sample_rate: int) -> SplitRecord:
    return SplitRecord(
        clips=list(files),
        frames_per_clip=None if scene else journal.frames_per_clip,
        embeddings_crc32=journal.embeddings_crc32,
        timestamps_crc32=None if scene else journal.timestamps_crc32,
        seconds=journal.seconds,
        model_seconds=journal.model_seconds,
        audio_seconds=journal.samples / sample_rate,
        peak_memory_bytes=journal.peak_memory_bytes,
    )


def _made_from(hear: HearModule, files: Sequence[str], size: int, chunk_samples: int) -> str:
    """Hash of what decides a split's rows to the bit and is not in the entry's key."""
    facts = (list(files), size, chunk_samples, hear.device, torch.__version__)
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
