"""Folders that are either whole or absent."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.atomic_file import in_use
from benchmark.file_lock import FileLock


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write into that takes its final name only if all goes well.

    What killed processes left of the same folder is deleted. Of two processes that make it at once,
    the first to finish wins.

    Args:
        folder: The final name. If it is there by the end, that one stays.

    Yields:
        An empty folder beside it, locked: others leave it alone.

    Raises:
        OSError: Nothing can be written there.
    """
    for left in folder.parent.glob(f".{folder.name}-*.part"):
        with suppress(OSError):  # it went meanwhile
            if not in_use(left):
                shutil.rmtree(left)
    part, lock = _locked_folder(folder)
    try:
        yield part
        part.chmod(0o755)  # mkdtemp's is private, and a cache may be shared
        try:
            part.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
            # Another process made the same one in the meantime.
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if lock is not None:
            lock.release()


def _locked_folder(folder: Path) -> tuple[Path, FileLock | None]:
    """A new folder, and its lock; None where folders cannot be locked."""
    while True:
        part = Path(tempfile.mkdtemp(".part", f".{folder.name}-", folder.parent))
        try:
            lock = FileLock.take_folder(part)
        except OSError:
            return part, None
        if lock is not None:  # else taken for a dead process's before it was locked
            return part, lock
