"""Audio to embeddings: a task's splits through a HEAR module, by way of the cache."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.cache import CacheEntry, SplitRecord, StoredSplit
from benchmark.clip_reader import Clip, batches, read_ahead
from benchmark.embeddings import Event, EventSplit, SceneSplit
from benchmark.events import frame_targets
from benchmark.growing_npy import GrowingNpy
from benchmark.hear_module import HearModule
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import Task

BATCH_SECONDS = 60.0  # audio given to a module at once; bounds memory, not speed


@dataclass(frozen=True)
class EmbeddedTask:
    """A task's splits, ready for the heads.

    Attributes:
        splits: By split name.
        clips: Number of clips in all splits.
        audio_seconds: Their length together.
        seconds: Wall time of embedding them, when it was done.
        model_seconds: The part of it spent inside the module.
        cached: Whether every split was found in the cache.
    """

    splits: dict[str, SceneSplit | EventSplit]
    clips: int
    audio_seconds: float
    seconds: float
    model_seconds: float
    cached: bool


def embed_task(
    hear: HearModule,
    task: Task,
    entry: CacheEntry,
    on_progress: Callable[[int, int], None] | None = None,
) -> EmbeddedTask:
    """Embed all splits of a task, or read them from the cache.

    Args:
        hear: The module.
        task: The task.
        entry: Where this module's embeddings of this task are kept.
        on_progress: Called with (clips done, clips in all) after every batch.

    Raises:
        ValueError: One sentence about the clip, label or module at fault.
    """
    scene = task.embedding_type == "scene"
    labels = {split: read_scene_labels(task, split) for split in task.splits if scene}
    events = {split: read_events(task, split) for split in task.splits if not scene}
    order = row_order(task, labels or events)
    total = sum(map(len, order.values()))
    splits: dict[str, SceneSplit | EventSplit] = {}
    records: list[SplitRecord] = []
    cached = True

    def report(clips: int) -> None:
        """Tell how many clips are done, those of this split included."""
        if on_progress:
            on_progress(sum(len(record.clips) for record in records) + clips, total)

    for split, files in order.items():
        stored = entry.load(split)
        if stored is None or stored.record.clips != files:
            cached = False
            stored = _embed_split(hear, task, split, files, entry, report)
        report(len(files))
        records.append(stored.record)
        if scene:
            splits[split] = _scene_split(task, split, stored, labels[split])
        else:
            splits[split] = _event_split(task, split, stored, events[split])
    return EmbeddedTask(
        splits=splits,
        clips=total,
        audio_seconds=sum(record.audio_seconds for record in records),
        seconds=sum(record.seconds for record in records),
        model_seconds=sum(record.model_seconds for record in records),
        cached=cached,
    )


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
    return EventSplit(split, stored.embeddings, targets, clips, frames, timestamps, events)


def _embed_split(
    hear: HearModule,
    task: Task,
    split: str,
    files: Sequence[str],
    entry: CacheEntry,
    report: Callable[[int], None],
) -> StoredSplit:
    """Write one split's embeddings (and timestamps) into its cache entry, in row order."""
    started = time.perf_counter()
    scene = task.embedding_type == "scene"
    size = hear.scene_embedding_size if scene else hear.timestamp_embedding_size
    frames_per_clip: list[int] = []
    model_seconds = 0.0
    samples = done = 0
    with ExitStack() as stack:
        embeddings = stack.enter_context(
            GrowingNpy(entry.embeddings_path(split), (size,), np.float32)
        )
        timestamps = None
        if not scene:
            timestamps = stack.enter_context(
                GrowingNpy(entry.timestamps_path(split), (), np.float64)
            )
        clips = read_ahead(task, split, files, hear.sample_rate)
        for chunk in batches(clips, int(BATCH_SECONDS * hear.sample_rate)):
            called = time.perf_counter()
            rows, times = _embed_chunk(hear, chunk, scene)
            model_seconds += time.perf_counter() - called
            samples += sum(len(audio) for _, audio in chunk)
            embeddings.append(np.concatenate(rows))
            if timestamps is not None:
                timestamps.append(np.concatenate(times))
                frames_per_clip += map(len, times)
            done += len(chunk)
            report(done)
    record = SplitRecord(
        clips=list(files),
        frames_per_clip=None if scene else frames_per_clip,
        embeddings_crc32=embeddings.crc32,
        timestamps_crc32=None if timestamps is None else timestamps.crc32,
        seconds=time.perf_counter() - started,
        model_seconds=model_seconds,
        audio_seconds=samples / hear.sample_rate,
    )
    entry.commit(split, record)
    stored = entry.load(split)
    if stored is None:
        raise OSError(f"The embeddings just written to {entry.folder} cannot be read back")
    return stored


def _embed_chunk(
    hear: HearModule, chunk: Sequence[Clip], scene: bool
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float64]]]:
    """Embed some clips; those of equal length share a batch, so that none is ever padded.

    Returns:
        Per clip, in order: embeddings, shape (1 or frames, size), and timestamps in ms, shape
        (frames,), empty for scenes.
    """
    same_length: defaultdict[int, list[int]] = defaultdict(list)
    for index, (_, audio) in enumerate(chunk):
        same_length[len(audio)].append(index)
    rows: list[NDArray[np.float32]] = [np.empty((0, 0), np.float32)] * len(chunk)
    times: list[NDArray[np.float64]] = [np.empty(0)] * len(chunk)
    for indices in same_length.values():
        batch = torch.from_numpy(np.stack([chunk[index][1] for index in indices]))
        names = [chunk[index][0] for index in indices]
        if scene:
            for index, row in zip(indices, hear.scene(batch, names), strict=True):
                rows[index] = row[None]
        else:
            frames, stamps = hear.timestamps(batch, names)
            for index, clip_frames, clip_stamps in zip(indices, frames, stamps, strict=True):
                rows[index], times[index] = clip_frames, clip_stamps
    return rows, times
