"""Converting many clips on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.raw_audio import write_clip
from msssl_common.workers import follow_parent, usable_cores

CLIPS_PER_JOB: Final = 32
FEW: Final = 2 * CLIPS_PER_JOB  # clips that are converted before other processes have started

Progress = Callable[[int, int], None]


@dataclass
class Converted:
    """What came of converting clips.

    Attributes:
        unreadable: Clip -> what is wrong with its source.
        source_rates: Sample rates met, Hz.
    """

    unreadable: dict[RawClip, str] = field(default_factory=dict)
    source_rates: set[int] = field(default_factory=set)


def convert(plan: TaskPlan, rates: tuple[int, ...], folder: Path, progress: Progress) -> Converted:
    """Convert a task's clips, those that are there already excepted.

    Args:
        plan: The task.
        rates: Sample rates to write, Hz.
        folder: The task's folder.
        progress: Called with clips done and to do.

    Raises:
        OSError: A worker was killed.
    """
    for rate in rates:
        for split in plan.splits:
            (folder / str(rate) / split).mkdir(parents=True, exist_ok=True)
    all_converted = Converted()
    done = 0
    progress(done, len(plan.clips))
    for clips, converted in _jobs(plan, rates, folder):
        all_converted.unreadable.update(converted.unreadable)
        all_converted.source_rates |= converted.source_rates
        done += clips
        progress(done, len(plan.clips))
    return all_converted


def convert_some(
    clips: Sequence[RawClip], seconds: float | None, rates: tuple[int, ...], folder: Path
) -> Converted:
    """Convert a few clips in this process; a source that cannot be read stops nothing."""
    converted = Converted()
    for clip in clips:
        try:
            converted.source_rates.add(write_clip(clip, seconds, rates, folder))
        except ValueError as error:
            converted.unreadable[clip] = str(error)
    converted.source_rates.discard(0)
    return converted


def _jobs(plan: TaskPlan, rates: tuple[int, ...], folder: Path) -> Iterator[tuple[int, Converted]]:
    """Number of clips and outcome of each job, as they finish."""
    if len(plan.clips) <= FEW or usable_cores() == 1:
        for clip in plan.clips:
            yield 1, convert_some([clip], plan.seconds, rates, folder)
        return
    # Spawned, not forked: a fork of a process in which torch has threads can hang.
    with ProcessPoolExecutor(usable_cores(), get_context("spawn"), follow_parent) as pool:
        jobs: dict[Future[Converted], int] = {}
        try:
            for first in range(0, len(plan.clips), CLIPS_PER_JOB):
                clips = plan.clips[first : first + CLIPS_PER_JOB]
                jobs[pool.submit(convert_some, clips, plan.seconds, rates, folder)] = len(clips)
            for job in as_completed(jobs):
                yield jobs.pop(job), job.result()
        except BrokenExecutor:
            raise OSError(
                "A process that converts audio was killed, perhaps for want of memory: the same "
                "command goes on from here."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)
