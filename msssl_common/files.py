"""Files and folders that are either whole or absent, and the folder of the cache.

Everything is written under a temporary name and renamed when it is complete.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msssl_common.locks import FileLock, is_locked


def cache_root() -> Path:
    """Folder of everything that can be made again: ``MSBENCH_CACHE`` or ``~/.cache/msssl-hear``."""
    configured = os.environ.get("MSBENCH_CACHE")
    if configured:
        return Path(configured)
    try:
        return Path.home() / ".cache" / "msssl-hear"
    except RuntimeError:
        raise OSError(
            "this user has no home folder for the cache: set MSBENCH_CACHE to a folder"
        ) from None


ABANDONED_SECONDS = 3600.0  # what cannot be locked and did not change for so long is abandoned
LEFT = re.compile(r"\..+\.([0-9a-f]{12}|\d+)\.part", re.DOTALL)  # numbers: of older versions


def write_text(path: Path, text: str) -> None:
    """Write a text file, UTF-8, as `write_bytes` does."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes | memoryview) -> None:
    """Write a file under a temporary name in its folder, made if need be, and rename it.

    It is on the disk before it gets its name: after a power cut, the old or the new file is there.

    Raises:
        OSError: It cannot be written; it names the file, and the temporary one is gone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not the process's number: on shared storage, other machines have the same.
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    lock = None
    with suppress(OSError):  # no locks here, or no way to write: the next line says which
        lock = FileLock.take(part)
    try:
        with writing(path):
            with part.open("wb") as file:
                file.write(data)
                flush_to_disk(file.fileno())
            os.replace(part, path)  # noqa: PTH105 -- as the atomic call is known
            flush_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    finally:
        if lock is not None:
            lock.release()


def flush_to_disk(descriptor: int) -> None:
    """Wait until a file is on the disk; some network file systems know no such thing, and go on.

    Raises:
        OSError: The disk could not take it.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def flush_folder(folder: Path) -> None:
    """Wait until a folder's names are on the disk, where folders can be opened (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Wait until all files below a folder, and their names, are on the disk."""
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError), (Path(place) / name).open("rb") as file:
                os.fsync(file.fileno())
        flush_folder(Path(place))


def rename_durably(part: Path, final: Path) -> None:
    """Give a finished file or folder its name once all of it is on the disk.

    Args:
        part: The file or folder under its temporary name, on the same file system.
        final: Its name. A file there is replaced.

    Raises:
        OSError: It cannot be renamed, e.g. because a folder of that name is there.
    """
    if part.is_dir():
        flush_tree(part)
    else:
        with part.open("rb") as file:
            flush_to_disk(file.fileno())
    os.replace(part, final)  # noqa: PTH105 -- as the atomic call is known
    flush_folder(final.parent)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Let an error say which file was being written: that of a full disk does not."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise type(error)(error.errno, error.strerror, str(path)) from error


def check_writable(folder: Path) -> None:
    """Make a folder if need be, and find out whether files can be: better now than after hours.

    Raises:
        OSError: They cannot; it names the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # without a name, where the system knows that
            pass
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(folder)) from error


def remove_leftovers(folder: Path) -> None:
    """Delete what processes that were killed in `write_bytes` left in a folder."""
    for part in folder.glob(".*.part"):
        with suppress(OSError):  # another process was faster, or nobody may delete here
            if LEFT.fullmatch(part.name) and part.is_file() and not is_in_use(part):
                part.unlink()


def is_in_use(part: Path) -> bool:
    """Whether a process writes to a file or folder; by its age where there are no locks.

    Raises:
        FileNotFoundError: It is gone.
    """
    try:
        return is_locked(part)
    except FileNotFoundError:
        raise
    except OSError:
        newest = max(path.stat().st_mtime for path in (part, *part.rglob("*")))
        return time.time() - newest < ABANDONED_SECONDS


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
            if not is_in_use(left):
                shutil.rmtree(left)
    part, lock = _locked_folder(folder)
    try:
        yield part
        part.chmod(0o755)  # mkdtemp's is private, and a cache may be shared
        try:
            rename_durably(part, folder)
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
