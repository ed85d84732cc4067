"""The folder of a split that is being embedded: who may write to it, and its end.

In the folder of a cache entry, that is ``.{split}.part/``, locked by its ``lock`` file. A process
that finds it locked, or whose file system has no locks, starts from the beginning in a private
folder, ``.{split}.private-*.part/``, which no later process resumes.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from msssl_common.files import ABANDONED_SECONDS, remove_leftovers
from msssl_common.locks import FileLock

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
