"""Embed the splits of a task with a HEAR module, each into its cache entry."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch

from benchmark.embeddings.ahead import EmbeddedChunk, embed_ahead, read_ahead
from benchmark.embeddings.batches import BatchEmbedder, chunks
from benchmark.embeddings.cache import CacheEntry, EmbeddingDtype, SplitRecord, StoredSplit
from benchmark.embeddings.degenerate import degenerate_shares
from benchmark.embeddings.partial_folder import remove_finished
from benchmark.embeddings.partial_split import PartialSplit, SplitProgress
from benchmark.embeddings.peak_memory import PeakMemory
from benchmark.embeddings.splits import EventSplit, SceneSplit
from benchmark.events import frame_targets
from benchmark.events.table import Event
from benchmark.models.hear_module import HearModule
from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.module import WorkerModule
from benchmark.tasks.event_places import refuse_unheard
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import Task

# Audio held and embedded at once, in batches of at most as much. On a CPU, 30 to 240 s run equally
# fast. Grouping equal lengths over all of a split instead would not pay: the 3,000 spoken digits of
# any length would make batches of 1.11 clips instead of 1.03.
CHUNK_SECONDS = 60.0

# The same on a GPU, which small batches do not fill: 96 clips of five seconds.
GPU_CHUNK_SECONDS = 480.0


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
    chunk_samples = samples_at_once(hear)
    fresh = SplitProgress(_made_from(hear, files, size, chunk_samples), chunk_samples)
    with PartialSplit(entry, split, size, scene, fresh) as part:
        # What is complete was finished by another process, or by a run killed at the very end.
        if entry.load(split, files) is None:
            _embed_rest(hear, task, split, files, part, report)
            record = _record(part.journal, files, scene, hear.sample_rate)
            inputs = hear.module.inputs() if isinstance(hear.module, WorkerModule) else {}
            part.finish(replace(record, inputs=inputs))
    stored = entry.load(split, files)
    if stored is None:
        raise OSError(f"The embeddings just written to {entry.folder} cannot be read back")
    return stored


def samples_at_once(hear: HearModule) -> int:
    """Samples of audio, of all clips together, that are held and given to a module at once."""
    seconds = CHUNK_SECONDS if hear.device == "cpu" else GPU_CHUNK_SECONDS
    return int(seconds * hear.sample_rate)


def _embed_rest(
    hear: HearModule,
    task: Task,
    split: str,
    files: Sequence[str],
    part: PartialSplit,
    report: Callable[[int], None],
) -> None:
    """Embed the clips that are not done yet, chunk by chunk, and keep the journal."""
    before = part.journal
    embedder = BatchEmbedder(hear, part.scene, before.batch_samples)
    started = time.perf_counter() - before.seconds
    worker = hear.module if isinstance(hear.module, WorkerModule) else None
    memory = PeakMemory(hear.model, hear.device, worker)
    report(before.clips)
    clips = read_ahead(task, split, files[before.clips :], hear)
    embedded = embed_ahead(embedder, chunks(clips, samples_at_once(hear)), memory)
    with memory, closing(clips), closing(embedded):
        try:
            for chunk in embedded:
                _check_range(hear, chunk, part.entry.dtype)
                peak = max(before.peak_memory_bytes or 0, chunk.peak_memory_bytes or 0)
                progress = replace(
                    part.journal,
                    batch_samples=chunk.batch_samples,
                    samples=part.journal.samples + sum(len(audio) for _, audio in chunk.clips),
                    seconds=time.perf_counter() - started,
                    model_seconds=part.journal.model_seconds + chunk.seconds,
                    peak_memory_bytes=peak or None,
                )
                part.append(chunk.embedded, progress)
                report(part.journal.clips)
        except KeyboardInterrupt:
            hear.close()  # what it computes would be waited for
            raise


def _check_range(hear: HearModule, chunk: EmbeddedChunk, dtype: EmbeddingDtype) -> None:
    """Refuse values that float16 would turn into infinity."""
    most = float(np.finfo(dtype).max)
    for (name, _), (rows, _) in zip(chunk.clips, chunk.embedded, strict=True):
        largest = float(np.abs(rows).max())
        if largest > most:
            raise HearModuleError(
                f"{hear.spec} returned the value {largest:.4g} for {name}, and {dtype} ends at "
                f"{most:g}: keep its embeddings in float32"
            )


def _record(
    journal: SplitProgress, files: Sequence[str], scene: bool, sample_rate: int
) -> SplitRecord:
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


@dataclass(frozen=True)
class TaskEmbeddings:
    """A task's splits, ready for the heads.

    Attributes:
        splits: By split name.
        clips: Number of clips in all splits.
        audio_seconds: Their length together.
        seconds: Wall time of embedding them, when it was done, stopped runs included.
        model_seconds: The part of it spent inside the module.
        peak_memory_bytes: The model's parameters and buffers and what embedding took beside them
            at its peak, the largest of all splits (exactly: ``PeakMemory``); None where that
            cannot be measured.
        cached: Whether every split was found in the cache.
        inputs: SHA-256 of files that the module read while it embedded.
    """

    splits: dict[str, SceneSplit | EventSplit]
    clips: int
    audio_seconds: float
    seconds: float
    model_seconds: float
    peak_memory_bytes: int | None
    cached: bool
    inputs: dict[str, str] = field(default_factory=dict)

    @cached_property
    def degenerate(self) -> dict[str, float]:
        """Shares of embeddings that heads cannot learn from, see `degenerate_shares`."""
        return degenerate_shares(self.splits.values())


def embed_task(
    hear: HearModule | None,
    task: Task,
    entry: CacheEntry,
    on_progress: Callable[[int, int], None] | None = None,
) -> TaskEmbeddings:
    """Embed all splits of a task, or read them from the cache.

    Args:
        hear: The module; None where every split is in the cache already.
        task: The task.
        entry: Where this module's embeddings of this task are kept, and in which type.
        on_progress: Called with (clips done, clips in all) after every batch.

    Raises:
        ValueError: One sentence about the clip, label or module at fault.
        OSError: A split is not in the cache, and there is no module.
    """
    scene = task.embedding_type == "scene"
    labels, events, order = _labels_and_order(task, entry)
    total = sum(map(len, order.values()))
    splits: dict[str, SceneSplit | EventSplit] = {}
    records: list[SplitRecord] = []
    cached = True

    def report(clips: int) -> None:
        """Tell how many clips are done, those of this split included."""
        if on_progress:
            on_progress(sum(len(record.clips) for record in records) + clips, total)

    for split, files in order.items():
        stored = entry.load(split, files)
        if stored is None:
            if hear is None:
                raise OSError(f"Split {split} of {task.full_name} is gone from {entry.folder}")
            cached = False
            stored = embed_split(hear, task, split, files, entry, report)
        else:
            remove_finished(entry.folder, split)
        report(len(files))
        records.append(stored.record)
        if scene:
            splits[split] = _scene_split(task, split, stored, labels[split])
        else:
            splits[split] = _event_split(task, split, stored, events[split])
    return TaskEmbeddings(
        splits=splits,
        clips=total,
        audio_seconds=sum(record.audio_seconds for record in records),
        seconds=sum(record.seconds for record in records),
        model_seconds=sum(record.model_seconds for record in records),
        peak_memory_bytes=max(
            (record.peak_memory_bytes for record in records if record.peak_memory_bytes),
            default=None,
        ),
        cached=cached,
        inputs={path: sha for record in records for path, sha in record.inputs.items()},
    )


def embed_one_split(hear: HearModule, task: Task, split: str, entry: CacheEntry) -> bool:
    """Embed one split into the cache, as `embed_task` would, unless it is there.

    Returns:
        Whether it was there.

    Raises:
        ValueError: One sentence about the clip, label or module at fault.
    """
    _, _, order = _labels_and_order(task, entry)
    if entry.load(split, order[split]) is not None:
        return True
    embed_split(hear, task, split, order[split], entry, lambda clips: None)
    return False


def _labels_and_order(
    task: Task, entry: CacheEntry
) -> tuple[
    dict[str, dict[str, list[str]]], dict[str, dict[str, list[Event]]], dict[str, list[str]]
]:
    """Scene labels or events, and every split's clips in row order, which the entry describes."""
    scene = task.embedding_type == "scene"
    labels = {split: read_scene_labels(task, split) for split in task.splits if scene}
    events = {split: read_events(task, split) for split in task.splits if not scene}
    order = row_order(task, labels or events)
    entry.describe({"splits": list(order), "clips": sum(map(len, order.values()))})
    return labels, events, order


def _scene_split(
    task: Task, split: str, stored: StoredSplit, labels: dict[str, list[str]]
) -> SceneSplit:
    column = {label: index for index, label in enumerate(task.vocabulary)}
    clips = tuple(stored.record.clips)
    targets = np.zeros((len(clips), len(column)), np.float32)
    for row, clip in enumerate(clips):
        targets[row, [column[label] for label in labels[clip]]] = 1
    return SceneSplit(split, stored.embeddings, targets, clips)


def _event_split(
    task: Task, split: str, stored: StoredSplit, events: dict[str, list[Event]]
) -> EventSplit:
    if stored.timestamps_ms is None or stored.record.frames_per_clip is None:
        raise OSError(f"The cached embeddings of {task.full_name}, split {split}, have no frames")
    frames = np.array(stored.record.frames_per_clip, np.int64)
    timestamps = np.array(stored.timestamps_ms)
    targets = np.empty((len(timestamps), len(task.vocabulary)), np.float32)
    end = 0
    for clip, count in zip(stored.record.clips, frames, strict=True):
        start, end = end, end + int(count)
        targets[start:end] = frame_targets(timestamps[start:end], events[clip], task.vocabulary)
    clips = tuple(stored.record.clips)
    last_frames = dict(zip(clips, timestamps[np.cumsum(frames) - 1].tolist(), strict=True))
    refuse_unheard(events, last_frames, f"{task.full_name}, split {split}")
    return EventSplit(split, stored.embeddings, targets, clips, frames, timestamps, events)
