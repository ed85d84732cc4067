"""Audio to embeddings: a task's splits through a HEAR module, by way of the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmark.cache import CacheEntry, SplitRecord, StoredSplit
from benchmark.embed_split import embed_split
from benchmark.embeddings import EventSplit, SceneSplit
from benchmark.events import frame_targets
from benchmark.events.table import Event
from benchmark.models.hear_module import HearModule
from benchmark.part_folder import remove_finished
from benchmark.tasks.labels import read_events, read_scene_labels, row_order
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class EmbeddedTask:
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
    """

    splits: dict[str, SceneSplit | EventSplit]
    clips: int
    audio_seconds: float
    seconds: float
    model_seconds: float
    peak_memory_bytes: int | None
    cached: bool


def embed_task(
    hear: HearModule | None,
    task: Task,
    entry: CacheEntry,
    on_progress: Callable[[int, int], None] | None = None,
) -> EmbeddedTask:
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
    return EmbeddedTask(
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
    """Scene labels or events, and every split's clips in row order; people are told of them."""
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
    return EventSplit(split, stored.embeddings, targets, clips, frames, timestamps, events)
