"""A lock on a file that ends with the process holding it, however the process ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True)
class FileLock:
    """An exclusive ``flock(2)``, held until ``release``. The file may be deleted while held."""

    path: Path
    descriptor: int

    @staticmethod
    def take(path: Path, wait: bool = False) -> FileLock | None:
        """Lock a file, made if need be.

        Args:
            path: The file; nothing is written to it.
            wait: Whether to wait while another process holds it.

        Returns:
            The lock, or None if another process holds it (or this one, by another ``take``).

        Raises:
            FileNotFoundError: The file's folder is missing.
            OSError: Files cannot be locked here, e.g. on some network file systems.
        """
        if fcntl is None:
            raise OSError("This system has no flock")
        how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(descriptor, how)
                if _is_file(descriptor, path):
                    return FileLock(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)  # a file that its last holder deleted: nobody else would see it

    @staticmethod
    def take_folder(path: Path) -> FileLock | None:
        """Lock a folder that is there; None if it is not there any more, or another's.

        Raises:
            OSError: Folders cannot be locked here.
        """
        if fcntl is None:
            raise OSError("This system has no flock")
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file(descriptor, path):
                return FileLock(path, descriptor)
        except BlockingIOError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def release(self) -> None:
        """Let others have it."""
        os.close(self.descriptor)


def is_locked(path: Path) -> bool:
    """Whether any process holds a lock on a file or folder.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: Files cannot be locked here.
    """
    if fcntl is None:
        raise OSError("This system has no flock")
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def locked_if_possible(path: Path) -> Iterator[None]:
    """Wait for a file's lock and hold it for a while; do without where there are no locks."""
    lock = None
    with suppress(OSError):
        lock = FileLock.take(path, wait=True)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


@contextmanager
def locked_or_refused(path: Path, refusal: Exception, remove: bool = False) -> Iterator[None]:
    """Hold a file's lock for a while, or refuse; nothing is checked where there are no locks.

    Args:
        path: The file, made if need be.
        refusal: Raised where another process holds the lock.
        remove: Whether the file is deleted at the end.
    """
    lock = None
    try:
        lock = FileLock.take(path)
    except OSError:  # e.g. some network file systems
        pass
    else:
        if lock is None:
            raise refusal
    try:
        yield
    finally:
        if remove:
            path.unlink(missing_ok=True)
        if lock is not None:
            lock.release()


def _is_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
