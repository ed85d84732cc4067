"""Worker processes whose results come in the order of the clips."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from msssl_common.workers import SpawnedPool
from pretrain.data.pack.clip import Dropped, PackArgs, Result, prepare
from pretrain.data.pack.wanted import WantedClip

AHEAD = 8  # clips per process that may wait to be written


def prepared(
    clips: Sequence[WantedClip], folder: Path, args: PackArgs, processes: int
) -> Iterator[Result]:
    """What became of each clip, in order.

    A file that kills its worker (a decoder that crashes, or that takes all memory) is dropped as
    unreadable: the clips in progress are read again, one by one.

    Args:
        clips: To pack.
        folder: That their paths are below.
        args: How.
        processes: How many work at once.
    """
    done = 0
    while done < len(clips):
        try:
            for result in _in_order(clips[done:], folder, args, processes):
                done += 1
                yield result
        except BrokenProcessPool:
            for clip in clips[done : done + AHEAD * processes]:
                done += 1
                yield _alone(clip, folder, args)


def _in_order(
    clips: Sequence[WantedClip], folder: Path, args: PackArgs, processes: int
) -> Iterator[Result]:
    pool = SpawnedPool(processes)
    waiting: deque[Future[Result]] = deque()
    try:
        for clip in clips:
            waiting.append(pool.submit(prepare, clip, folder, args))
            if len(waiting) >= AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _alone(clip: WantedClip, folder: Path, args: PackArgs) -> Result:
    """In a process of its own."""
    with SpawnedPool(1) as pool:
        try:
            return pool.submit(prepare, clip, folder, args).result()
        except BrokenProcessPool:
            return Result(Dropped("unreadable", f"{clip.path}: its decoder crashed"), 0.0)
