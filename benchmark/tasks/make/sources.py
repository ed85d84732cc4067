"""Find a data set in the folders and archives that the user gave; unpack archives safely.

Names and sizes in an archive are not trusted.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import struct
import tarfile
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from msssl_common.files import rename_durably, writing
from msssl_common.messages import one_printable_line

KINDS: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
SPARE: Final = 1 << 28  # bytes of the disk to leave free
CHUNK: Final = 1 << 20  # bytes

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Member:
    """A file in an archive: its path, its size in bytes and what opens it."""

    name: str
    size: int
    open: Callable[[], IO[bytes] | None]


def is_archive(path: Path) -> bool:
    """Whether a file's name is one of an archive that can be unpacked."""
    return path.is_file() and path.name.lower().endswith(KINDS)


def unpacked(archive: Path, folder: Path, progress: Progress) -> Path:
    """Unpack an archive into a folder that appears when it is whole; reuse it if it is there.

    Only plain files and folders below ``folder`` are written, and no more than the disk can hold.

    Args:
        archive: A zip or tar file.
        folder: Where to; its parent is made if need be.
        progress: Called with bytes of the archive read and its size.

    Returns:
        ``folder``.

    Raises:
        ValueError: The archive is damaged or cut off, or holds links, devices, or paths that lead
            out of the folder.
        OSError: The disk is too small, or cannot be written to.
    """
    if folder.is_dir():
        return folder
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _unpack(archive, part, progress)
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        LookupError,
        OverflowError,
        RuntimeError,  # NotImplementedError among them
    ) as error:
        raise ValueError(
            f"{archive} is damaged or not whole ({one_printable_line(error)}): download it again."
        ) from None
    rename_durably(part, folder)
    return folder


def _unpack(archive: Path, folder: Path, progress: Progress) -> None:
    total = archive.stat().st_size
    free = shutil.disk_usage(folder).free - SPARE
    for read, member in _members(archive):
        target = folder / _safe(member.name, archive)
        free -= member.size
        if free < 0:
            raise OSError(f"{archive} needs more room than the disk of {folder.parent} has.")
        target.parent.mkdir(parents=True, exist_ok=True)
        content = member.open()
        if content is not None:
            with content, writing(target), target.open("wb") as file:
                _copy(content, file, member, archive)
        progress(min(read, total), total)


def _copy(content: IO[bytes], file: IO[bytes], member: _Member, archive: Path) -> None:
    """Copy a member, but no byte more than it said it has."""
    left = member.size
    while chunk := content.read(CHUNK):
        left -= len(chunk)
        if left < 0:
            raise ValueError(f"{archive}: {member.name!r} is longer than the archive says.")
        file.write(chunk)
    if left:
        raise EOFError(f"{member.name!r} is cut off")


def _members(archive: Path) -> Iterator[tuple[int, _Member]]:
    """The files of an archive, each with how many bytes of the archive were read before it."""
    if archive.name.lower().endswith(".zip"):
        yield from _zip_members(archive)
    else:
        yield from _tar_members(archive)


def _zip_members(archive: Path) -> Iterator[tuple[int, _Member]]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise ValueError(f"{archive}: {info.filename!r} is no plain file, as raw data is.")
            if info.flag_bits & 1:
                raise ValueError(f"{archive}: {info.filename!r} is encrypted.")
            if not info.filename.endswith("/"):  # is_dir fails on an empty name
                member = _Member(info.filename, info.file_size, lambda i=info: opened.open(i))  # type: ignore[misc]
                yield info.header_offset, member


def _tar_members(archive: Path) -> Iterator[tuple[int, _Member]]:
    with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:*") as opened:
        for info in opened:
            if info.isdir():
                continue
            if not info.isfile():
                raise ValueError(f"{archive}: {info.name!r} is no plain file, as raw data is.")
            yield raw.tell(), _Member(info.name, info.size, lambda i=info: opened.extractfile(i))  # type: ignore[misc]


def _safe(name: str, archive: Path) -> PurePosixPath:
    """A member's path, if it stays below the folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or not path.parts or "\0" in name:
        raise ValueError(f"{archive}: the path {name!r} leads out of the archive's own folder.")
    return path


MAX_DEPTH: Final = 4  # folders below a source


@dataclass(frozen=True, kw_only=True)
class RawFolder:
    """A folder of a raw data set and how to tell it.

    Attributes:
        what: What it is, for messages, e.g. ``"the training data"``.
        has: Paths in it that tell it from other folders.
        has_not: Paths that must not be in it.
        named: The folder's name or its last two, e.g. ``"nsynth-train"``; None for any name.
        archive: File name of the archive that holds it.
        url: Where to download the archive.
    """

    what: str
    has: tuple[str, ...]
    has_not: tuple[str, ...] = ()
    named: str | None = None
    archive: str
    url: str

    def is_at(self, folder: Path) -> bool:
        """Whether a folder is this one."""
        if self.named is not None and folder.resolve().name != self.named:
            return False
        return all((folder / path).exists() for path in self.has) and not any(
            (folder / path).exists() for path in self.has_not
        )


@dataclass(frozen=True)
class Sources:
    """What the user gave: folders and archives.

    Attributes:
        paths: Folders and archives.
        scratch: Folder to unpack archives into.
        progress: Makes a progress bar, from what it should say.
    """

    paths: Sequence[Path]
    scratch: Path
    progress: Callable[[str], AbstractContextManager[Progress]]

    def __post_init__(self) -> None:
        for path in self.paths:
            if not path.is_dir() and not is_archive(path) and path.suffix != ".parquet":
                raise FileNotFoundError(f"{path} is neither a folder nor a .zip or .tar archive.")
            if not path.exists():
                raise FileNotFoundError(f"{path} is not there.")

    def find(self, wanted: RawFolder) -> Path:
        """Find a data set's folder in the sources, unpacking archives where need be.

        Unpacked folders are looked at first, then archives of the right name that lie in a folder,
        then the archives that were given, whatever they are called.

        Raises:
            FileNotFoundError: It is nowhere.
        """
        found = next((f for path in self.paths for f in _folders(path) if wanted.is_at(f)), None)
        if found is not None:
            return found
        for archive in self._archives(wanted.archive):
            for folder in _folders(self._unpacked(archive)):
                if wanted.is_at(folder):
                    return folder
        name = "" if wanted.named is None else f" called {wanted.named}"
        raise FileNotFoundError(
            f"{wanted.what} not found in {', '.join(map(str, self.paths))}: expected a "
            f"folder{name} with {', '.join(wanted.has)} in it, or {wanted.archive}; "
            f"download {wanted.url} and give it, or what is in it, with --source."
        )

    def folders(self) -> list[Path]:
        """Every source as a folder: archives unpacked, folders as they are."""
        return [path if path.is_dir() else self._unpacked(path) for path in self.paths]

    def with_archives(self, pattern: str) -> list[Path]:
        """Every source as a folder, and the archives in them that match a pattern, unpacked.

        Args:
            pattern: Of file names, e.g. ``"audio.*.zip"``.
        """
        inside = sorted(
            archive
            for path in self.paths
            for folder in _folders(path)
            for archive in folder.glob(pattern)
            if is_archive(archive)
        )
        return [*self.folders(), *map(self._unpacked, inside)]

    def _archives(self, name: str) -> Iterator[Path]:
        for path in self.paths:
            for folder in _folders(path):
                if is_archive(folder / name):
                    yield folder / name
        given = [path for path in self.paths if is_archive(path)]
        yield from sorted(given, key=lambda path: path.name != name)

    def _unpacked(self, archive: Path) -> Path:
        stat = archive.stat()
        key = f"{archive.resolve()} {stat.st_size} {stat.st_mtime_ns}"
        name = f"{archive.name}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        folder = self.scratch / name
        if folder.is_dir():
            return folder
        with self.progress(f"Unpacking {archive.name}") as progress:
            return unpacked(archive, folder, progress)


def _folders(source: Path) -> Iterator[Path]:
    """A folder and those below it, nearest first; nothing for an archive."""
    queue = deque([(source, 0)] if source.is_dir() else [])
    while queue:
        folder, depth = queue.popleft()
        yield folder
        if depth < MAX_DEPTH:
            with os.scandir(folder) as entries:  # no stat for each of 300 000 audio files
                below = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
            queue.extend((folder / name, depth + 1) for name in sorted(below))
