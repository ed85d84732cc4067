"""From an archive's files to a task folder at the rates that are wanted, clip by clip.

Clips go from the archive through memory to their place, so that audio at the archive's own rate
never lies on the disk. Threads serve: soxr, libsndfile and zlib work outside Python's lock, and one
core decompresses a 48 kHz archive no faster than one resamples it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from benchmark.tasks.get.archive import Entry
from benchmark.tasks.get.members import ArchiveError
from benchmark.tasks.get.resample import resample_clip
from msssl_common.files import write_bytes

HELD_BYTES: Final = 128 << 20  # of clips in memory; ten minutes at 48 kHz are 58 MB


def build_task(
    entries: Iterable[Entry], folder: Path, sample_rate: int, keep_source: bool, threads: int
) -> None:
    """Write a task folder; clips that an earlier, stopped call has written are left as they are.

    Args:
        entries: The archive's files.
        folder: The task folder; made if need be.
        sample_rate: The rate wanted, Hz.
        keep_source: Whether to keep the archive's own rate too.
        threads: How many clips to resample at once.

    Raises:
        ArchiveError: A clip cannot be read, or the archive's rate is lower than the wanted one.
        OSError: The folder cannot be written to.
    """
    waiting: deque[tuple[Future[None], int]] = deque()
    held = 0
    with ThreadPoolExecutor(threads) as pool:
        try:
            for entry in entries:
                if len(entry.place.parts) == 1:
                    write_bytes(folder / entry.place, entry.data)
                    continue
                job = pool.submit(_write_clip, entry, folder, sample_rate, keep_source)
                waiting.append((job, len(entry.data)))
                held += len(entry.data)
                while held > HELD_BYTES:
                    held -= _finish_first(waiting)
            while waiting:
                _finish_first(waiting)
        finally:
            for job, _ in waiting:
                job.cancel()


def _finish_first(waiting: deque[tuple[Future[None], int]]) -> int:
    """Wait for the first clip; returns its bytes, which are free then."""
    job, size = waiting.popleft()
    job.result()
    return size


def _write_clip(entry: Entry, folder: Path, sample_rate: int, keep_source: bool) -> None:
    rate_name, split, file = entry.place.parts
    file_rate = int(rate_name)
    if file_rate < sample_rate:
        raise ArchiveError(
            f"its audio is at {file_rate} Hz, and {sample_rate} Hz are wanted: audio is never "
            "upsampled"
        )
    for rate in (sample_rate, *([file_rate] if keep_source else [])):
        target = folder / str(rate) / split / file
        if target.is_file():
            continue
        try:
            write_bytes(target, resample_clip(entry.data, file_rate, rate))
        except ValueError as error:
            raise ArchiveError(f"{entry.place} {error}") from None
