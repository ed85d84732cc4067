"""A split while it is embedded: it survives its process, and is safe from a second one.

Layout, inside the folder of a cache entry::

    .{split}.part/lock             locked by the process that writes here
    .{split}.part/embeddings.npy   rows so far; its header counts them at the end
    .{split}.part/timestamps.npy   event tasks only
    .{split}.part/journal.json     how many rows are valid; written every few seconds
    .{split}.part/record.json      the split's record: only the renaming is left to do

A process that finds the folder locked, or whose file system has no locks, starts from the beginning
in a private folder, ``.{split}.private-*.part/``, which no later process resumes.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from benchmark.embeddings.batches import Embedded
from benchmark.embeddings.cache import CacheEntry, SplitRecord, read_record, record_text
from benchmark.embeddings.npy_writer import NpyWriter
from msssl_common.files import ABANDONED_SECONDS, remove_leftovers, rename_durably, write_text
from msssl_common.locks import FileLock, locked_if_possible

LOCK = "lock"


@dataclass
class PartialFolder:
    """A folder that only this process writes to.

    Attributes:
        path: Where it is.
        private: Whether no later run will look here.
    """

    path: Path
    private: bool
    _lock: FileLock | None

    @staticmethod
    def claim(entry: Path, split: str) -> PartialFolder:
        """Take a split's folder, or a new private one if that is taken or cannot be locked."""
        shared = entry / f".{split}.part"
        try:
            if lock := _lock(shared):
                return PartialFolder(shared, False, lock)
        except OSError:  # no locks here: nobody will use it
            (shared / LOCK).unlink(missing_ok=True)
            with suppress(OSError):
                shared.rmdir()
        entry.mkdir(parents=True, exist_ok=True)
        path = Path(tempfile.mkdtemp(".part", f".{split}.private-", entry))
        lock = None
        with suppress(OSError):
            lock = _lock(path)
        return PartialFolder(path, True, lock)

    def remove(self) -> None:
        """Delete the folder, while it is still locked."""
        shutil.rmtree(self.path, ignore_errors=True)

    def release(self) -> None:
        """Leave the folder to others."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def part_folders(entry: Path) -> list[Path]:
    """The folders of unfinished splits in an entry's folder, private ones included."""
    return sorted(path for path in entry.glob(".*.part") if path.is_dir())


def folder_is_in_use(part: Path) -> bool:
    """Whether a process writes to such a folder; by its age where files cannot be locked."""
    try:
        lock = FileLock.take(part / LOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return _age(part) < ABANDONED_SECONDS
    if lock is not None:
        lock.release()
    return lock is None


def remove_abandoned(entry: Path) -> None:
    """Delete what dead processes left in an entry's folder and no process will resume."""
    for part in entry.glob(".*.private-*.part"):
        if not folder_is_in_use(part):
            shutil.rmtree(part, ignore_errors=True)
    remove_leftovers(entry)


def remove_finished(entry: Path, split: str) -> None:
    """Delete a split's folder that a process left after its files were in place."""
    part = entry / f".{split}.part"
    if part.is_dir() and not folder_is_in_use(part):
        shutil.rmtree(part, ignore_errors=True)


def _lock(folder: Path) -> FileLock | None:
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # another process removed it meanwhile
            return FileLock.take(folder / LOCK)


def _age(path: Path) -> float:
    """Seconds since a file, or anything in a folder, was last written."""
    times = [0.0]
    for part in (path, *path.glob("*")):
        with suppress(FileNotFoundError):
            times.append(part.stat().st_mtime)
    return time.time() - max(times)


JOURNAL_SECONDS = 2.0  # between journals; at most this much work is lost, and a batch

EMBEDDINGS, TIMESTAMPS, JOURNAL, RECORD = (
    "embeddings.npy",
    "timestamps.npy",
    "journal.json",
    "record.json",
)


@dataclass(frozen=True)
class Journal:
    """How far a split is.

    Attributes:
        made_from: Hash of all that decides the rows and is not in the entry's key.
        batch_samples: Most samples the module is given at once; fewer after it ran out of memory.
        clips: Clips done.
        samples: Their length together.
        frames_per_clip: Frames of each; empty for scenes.
        embeddings_crc32: Checksum of the embeddings' bytes so far.
        timestamps_crc32: Checksum of the timestamps' bytes so far.
        seconds: Wall time spent on them.
        model_seconds: The part of it inside the module.
        peak_memory_bytes: Peak memory of the runs so far, or None.
    """

    made_from: str
    batch_samples: int
    clips: int = 0
    samples: int = 0
    frames_per_clip: list[int] = field(default_factory=list)
    embeddings_crc32: int = 0
    timestamps_crc32: int = 0
    seconds: float = 0.0
    model_seconds: float = 0.0
    peak_memory_bytes: int | None = None


class PartialSplit:
    """The rows of a split so far; a context manager that keeps them whatever happens.

    On entering, files that another run left complete are put in place (``CacheEntry.load`` finds
    them then), rows that it left unfinished are gone on with, and anything that does not fit in
    with its journal is dropped.

    Args:
        entry: The cache entry.
        split: The split's name.
        size: Length of an embedding.
        scene: Whether rows are clips; frames have timestamps too.
        fresh: The journal of a split without rows.

    Attributes:
        journal: How far it is.
    """

    def __init__(
        self, entry: CacheEntry, split: str, size: int, scene: bool, fresh: Journal
    ) -> None:
        self.entry = entry
        self.split = split
        self.scene = scene
        self.journal = fresh
        self._size = size
        self._fresh = fresh
        self._embeddings: NpyWriter
        self._timestamps: NpyWriter | None = None

    def __enter__(self) -> PartialSplit:
        remove_abandoned(self.entry.folder)
        self._part = PartialFolder.claim(self.entry.folder, self.split)
        try:
            with suppress(OSError, ValueError, TypeError):  # there is none, most often
                self._put_in_place()
            self._open()
        except BaseException:
            self._part.release()
            raise
        self._saved = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the rows for the next run, unless they are in place or nobody could find them."""
        with suppress(OSError):  # e.g. a full disk, which may be the error
            if not self._part.private and kind is not None:
                self._save()
        with suppress(OSError):
            self._close()
        if self._part.private or kind is None:
            self._part.remove()
        self._part.release()

    def append(self, embedded: Sequence[Embedded], progress: Journal) -> None:
        """Add clips' embeddings and timestamps, in row order, and now and then save the journal.

        Args:
            embedded: What the module made of the clips.
            progress: The journal with what the caller knows of them: their samples and costs.
        """
        clips = progress.clips + len(embedded)
        self._embeddings.append(np.concatenate([rows for rows, _ in embedded]))
        timestamps_crc32 = 0
        if self._timestamps is not None:
            self._timestamps.append(np.concatenate([times for _, times in embedded]))
            timestamps_crc32 = self._timestamps.crc32
            # Frames of clips that are not counted yet do no harm.
            progress.frames_per_clip[progress.clips :] = [len(times) for _, times in embedded]
        # All at once: an interrupt, at which it is saved, must not find half of a change.
        self.journal = replace(
            progress,
            clips=clips,
            embeddings_crc32=self._embeddings.crc32,
            timestamps_crc32=timestamps_crc32,
        )
        if not self._part.private and time.monotonic() - self._saved >= JOURNAL_SECONDS:
            self._save()

    def finish(self, record: SplitRecord) -> None:
        """Put the files in place under a record; another process may have done it meanwhile."""
        self._close()
        write_text(self._part.path / RECORD, record_text(record))
        self._put_in_place()

    def _open(self) -> None:
        """Open the files where the journal says that their rows end, or empty."""
        try:
            fields: dict[str, Any] = json.loads((self._part.path / JOURNAL).read_text("utf-8"))
            self.journal = Journal(**fields)
            if self.journal.made_from != self._fresh.made_from:
                raise ValueError("made in another way")
            self._open_files()
        except (OSError, ValueError, TypeError):
            with suppress(OSError):
                self._close()
            (self._part.path / JOURNAL).unlink(missing_ok=True)
            self.journal = self._fresh
            self._open_files()

    def _open_files(self) -> None:
        journal = self.journal
        rows = journal.clips if self.scene else sum(journal.frames_per_clip[: journal.clips])
        self._embeddings = NpyWriter(
            self._part.path / EMBEDDINGS,
            (self._size,),
            self.entry.dtype,
            rows,
            journal.embeddings_crc32,
        )
        if not self.scene:
            self._timestamps = NpyWriter(
                self._part.path / TIMESTAMPS, (), np.float64, rows, journal.timestamps_crc32
            )

    def _save(self) -> None:
        write_text(self._part.path / JOURNAL, json.dumps(asdict(self.journal)) + "\n")
        self._saved = time.monotonic()

    def _put_in_place(self) -> None:
        """Rename the files, the record last; a process that dies on the way can be followed up."""
        entry, split = self.entry, self.split
        clips = read_record(self._part.path / RECORD).clips
        with locked_if_possible(entry.folder / ".lock"):
            if entry.load(split, clips) is None:
                for name, path in (
                    (EMBEDDINGS, entry.embeddings_path(split)),
                    (TIMESTAMPS, entry.timestamps_path(split)),
                    (RECORD, entry.record_path(split)),
                ):
                    with suppress(FileNotFoundError):  # in place already
                        rename_durably(self._part.path / name, path)
        for left in (JOURNAL, RECORD):
            (self._part.path / left).unlink(missing_ok=True)

    def _close(self) -> None:
        for file in (getattr(self, "_embeddings", None), self._timestamps):
            if file is not None:
                file.close()
