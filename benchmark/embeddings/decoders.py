"""Processes that decode clips for a GPU, which embeds thousands a second.

Threads of one process wait for each other's Python: reading a clip of five seconds is some hundred
microseconds of it. Nothing heavy is imported here, because each process imports this.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from benchmark.tasks.audio import read_clip
from benchmark.tasks.task import Task
from msssl_common.workers import SpawnedPool, map_ahead, usable_cores

PROCESSES = 8
CLIPS_AT_ONCE = 16  # for a process; what they cost beside decoding is shared by so many
WORTH_CLIPS = 1000  # fewer are decoded by threads before the processes have started
SILENT = (".wav", ".flac")  # what a decoder notes about others is to be told by this process

Decoded = NDArray[np.float32]


def are_worth_it(device: str, clips: int) -> bool:
    """Whether processes are to decode so many clips for a device, and this system has the means."""
    if device == "cpu" or clips < WORTH_CLIPS or usable_cores() < 4:
        return False
    return hasattr(os, "memfd_create") and Path(f"/proc/{os.getpid()}/fd").is_dir()


def decode_ahead(
    task: Task, split: str, files: Sequence[str], sample_rate: int, ahead: int
) -> Generator[tuple[str, Decoded], None, None]:
    """Clips in order, decoded by processes; those that processes fail on, by this one.

    Args:
        task: The task.
        split: The split's name.
        files: File names of its clips.
        sample_rate: Hz.
        ahead: Clips that are decoded or waiting.

    Raises:
        ValueError, OSError: As `read_clip`, when the clip's turn has come.
    """
    processes = min(PROCESSES, usable_cores())
    batches = [
        files[start : start + CLIPS_AT_ONCE] for start in range(0, len(files), CLIPS_AT_ONCE)
    ]
    scratch: SimpleQueue[int] = SimpleQueue()
    descriptors = [os.memfd_create("msbench-clips", os.MFD_CLOEXEC) for _ in range(processes)]
    for descriptor in descriptors:
        scratch.put(descriptor)

    def decoded(batch: Sequence[str]) -> list[Decoded | Exception]:
        if not all(file.lower().endswith(SILENT) for file in batch):
            return _read(task, split, batch, sample_rate)
        descriptor = scratch.get()
        try:
            place = f"/proc/{os.getpid()}/fd/{descriptor}"
            job = _pool(processes).submit(decode_into, place, task, split, batch, sample_rate)
            return list(_clips_of(descriptor, job.result()))
        except Exception:  # also a process that died: what is wrong shows here, clip by clip
            return _read(task, split, batch, sample_rate)
        finally:
            scratch.put(descriptor)

    try:
        waiting = max(processes, ahead // CLIPS_AT_ONCE)
        for batch, clips in map_ahead(decoded, batches, processes, waiting):
            for file, clip in zip(batch, clips, strict=False):  # an exception is the last
                if isinstance(clip, Exception):
                    raise clip
                yield file, clip
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def decode_into(
    place: str, task: Task, split: str, files: Sequence[str], sample_rate: int
) -> list[int]:
    """Write clips' samples to a file, one after the other; the work of a process.

    Returns:
        The length of each clip in samples.
    """
    lengths = []
    with Path(place).open("r+b") as memory:
        for file in files:
            clip = read_clip(task, split, file, sample_rate)
            memory.write(np.ascontiguousarray(clip).data)
            lengths.append(len(clip))
    return lengths


@cache
def _pool(processes: int) -> SpawnedPool:
    """For all splits of a run: a process takes a second to start. They end with this one."""
    return SpawnedPool(processes)


def _clips_of(descriptor: int, lengths: Sequence[int]) -> list[Decoded]:
    """What a process wrote, copied: the next one writes to the same place."""
    samples = np.empty(sum(lengths), np.float32)
    rest = memoryview(samples.view(np.uint8))  # type: ignore[arg-type]
    at = 0
    while at < len(rest):
        count = os.preadv(descriptor, [rest[at:]], at)
        if not count:
            raise OSError("clips are shorter than their process said")
        at += count
    return np.split(samples, np.cumsum(lengths)[:-1])


def _read(
    task: Task, split: str, files: Sequence[str], sample_rate: int
) -> list[Decoded | Exception]:
    """Clips up to the first that cannot be read, and why."""
    clips: list[Decoded | Exception] = []
    for file in files:
        try:
            clips.append(read_clip(task, split, file, sample_rate))
        except Exception as error:
            return [*clips, error]
    return clips
