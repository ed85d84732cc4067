"""``msbench tasks get``: from an archive to a checked task folder at the rates that are wanted.

Clips go from the archive through memory to their place, so audio at the archive's own rate never
lies on the disk. Threads are enough: soxr, libsndfile and zlib work outside Python's lock, and one
core decompresses a 48 kHz archive no faster than one resamples it. A task folder's own 48 kHz audio
is read like an archive, to make another rate without a download.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from rich.console import Console
from rich.text import Text

from benchmark.tasks.get.archive import ArchiveError, Entry, read_archive
from benchmark.tasks.get.origin import (
    ARCHIVE_RATE,
    Origin,
    archive_name,
    archive_url,
    local_archive,
    remote_archive,
)
from benchmark.tasks.get.resample import resample_clip
from benchmark.tasks.get.workplace import StagingFolder, verify_task
from msssl_common.console import byte_bar
from msssl_common.download import PATIENT, DownloadError, Retries, download
from msssl_common.files import write_bytes
from msssl_common.workers import usable_cores


def read_kept_source(
    task: Path, sample_rate: int, advance: Callable[[int, int], None]
) -> Iterator[Entry]:
    """Read a task folder's files, with the audio of one rate.

    Args:
        task: The task folder.
        sample_rate: The rate whose audio to read, Hz.
        advance: Called with the bytes read so far, and in all.

    Yields:
        The files, as ``read_archive`` does.
    """
    texts = [path for path in task.iterdir() if path.is_file()]
    clips = [path for path in (task / str(sample_rate)).glob("*/*") if path.is_file()]
    paths = sorted(texts) + sorted(clips)
    total = sum(path.stat().st_size for path in paths)
    done = 0
    for path in paths:
        data = path.read_bytes()
        done += len(data)
        advance(done, total)
        yield Entry(PurePosixPath(path.relative_to(task).as_posix()), data)


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


@dataclass(frozen=True)
class TaskDownload:
    """How to get tasks.

    Attributes:
        tasks_dir: Where task folders go.
        sample_rate: The rate wanted, Hz.
        console: Where bars and lines go.
        origin: Where archives come from.
        keep_source: Whether to keep the archive's own rate too.
        retries: How patient to be with servers.
    """

    tasks_dir: Path
    sample_rate: int
    console: Console
    origin: Origin = field(default_factory=Origin)
    keep_source: bool = False
    retries: Retries = PATIENT

    def get(self, folder: str) -> None:
        """Get a task folder unless it is here; what a stopped call left is gone on with.

        Raises:
            OSError: The archive cannot be had, or the folder cannot be written to.
            ValueError: The archive or what came of it is not as it should be.
        """
        place = StagingFolder(self.tasks_dir, folder)
        if all((place.final / str(rate)).is_dir() for rate in self._rates):
            self._say(f"{place.final} is here: {self._of_final(place.final)}")
            shutil.rmtree(place.home, ignore_errors=True)
            return
        with place.locked():
            if (place.final / str(ARCHIVE_RATE)).is_dir():
                contents = self._build_from_kept_source(place)
            else:
                contents = self._build_from_archive(place, self._archive(place))
            place.publish()
        self._say(f"{place.final}: {contents}")

    @property
    def _rates(self) -> set[int]:
        return {self.sample_rate, *([ARCHIVE_RATE] if self.keep_source else [])}

    def _archive(self, place: StagingFolder) -> Path:
        """The task's archive, downloaded if need be."""
        if self.origin.archives is not None:
            return local_archive(place.name, self.origin.archives, self.sample_rate)
        name = archive_name(place.name)
        target = place.archive(name)
        if target.is_file():
            return target
        url = archive_url(name)
        try:
            remote = remote_archive(place.name, self.origin.mirror, self.retries, self._say)
            url = remote.url
            _check_room(place.home, remote.size)
            with byte_bar(self.console, f"Downloading {url}") as advance:
                download(remote, target, advance, self.retries)
        except DownloadError as error:
            raise OSError(
                f"{url} cannot be downloaded ({error}). Run the same command again to resume, or "
                f"download it elsewhere as {name}, put it into a folder, and name that folder with "
                "--from."
            ) from None
        return target

    def _build_from_archive(self, place: StagingFolder, archive: Path) -> str:
        about = archive.stat()
        place.begin(f"{archive.name} {about.st_size} {about.st_mtime_ns}", self._rates)
        title = f"Unpacking {archive.name}, resampling to {self.sample_rate} Hz"
        try:
            with byte_bar(self.console, title) as advance:
                return self._build(place, read_archive(archive, place.name, advance))
        except ArchiveError as error:
            sentence = f"{archive} cannot be used: {error}."
            if archive.parent == place.home:
                shutil.rmtree(place.home)
                sentence += " It was deleted: run the same command again to download it anew."
            raise ValueError(sentence) from None

    def _build_from_kept_source(self, place: StagingFolder) -> str:
        place.begin(str(place.final), self._rates)
        title = f"Resampling {place.final} from {ARCHIVE_RATE} to {self.sample_rate} Hz"
        try:
            with byte_bar(self.console, title) as advance:
                entries = read_kept_source(place.final, ARCHIVE_RATE, advance)
                return self._build(place, entries)
        except ArchiveError as error:
            raise ValueError(f"{place.final} cannot be resampled: {error}.") from None

    def _build(self, place: StagingFolder, entries: Iterable[Entry]) -> str:
        """Make the task folder, check it, and tell what it holds."""
        build_task(entries, place.task, self.sample_rate, self.keep_source, usable_cores())
        try:
            return self._contents(place.task)
        except (ValueError, OSError) as error:
            raise ArchiveError(f"what it holds is no whole task: {error}") from None

    def _of_final(self, task: Path) -> str:
        """What a task folder in its place holds."""
        try:
            return self._contents(task)
        except (ValueError, OSError) as error:
            raise ValueError(
                f"{task} is here, but not whole: {error}. Remove it, and run the same command "
                "again."
            ) from None

    def _contents(self, task: Path) -> str:
        """What a task folder holds; it is checked at every rate that is wanted."""
        found = [verify_task(task, rate) for rate in sorted(self._rates)]
        rates = " and ".join(f"{rate} Hz" for rate in sorted(self._rates))
        return f"{found[0].clips:,} clips, {found[0].seconds / 3600:.2f} h, at {rates}"

    def _say(self, line: str) -> None:
        self.console.print(Text(line), soft_wrap=True)


def _check_room(folder: Path, size: int | None) -> None:
    """Refuse a download that the disk cannot hold.

    Raises:
        OSError: There is too little room.
    """
    done = sum(path.stat().st_size for path in folder.glob("*.part"))
    free = shutil.disk_usage(folder).free
    if size is not None and size - done > free:
        raise OSError(
            f"The archive has {size / 1e9:.1f} GB, and {folder} has room for {free / 1e9:.1f} GB: "
            "get the task into another folder with --to."
        )
