"""Read a task's archive as a stream, without trusting it: nothing in it decides where we write.

``tarfile`` only parses headers. It extracts no member: Python 3.10 may lack ``filter="data"``, and
files go through memory anyway, to be resampled. Members that do not belong to the task's folder are
refused. Decompression has limits: an archive of a few bytes must not fill the memory or the disk.
"""

from __future__ import annotations

import gzip
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Final, cast

from benchmark.tasks.metadata import METADATA_FILE, VOCABULARY_FILE

# Archives begin with "tasks/" or, as hear-preprocess packs them, with "hear-2021.0.6/tasks/".
HOME: Final = re.compile(r"(hear-[^/]+/)?tasks/")
# Control characters, bytes that are no UTF-8, and what Windows takes for a folder or a drive.
UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]|^[A-Za-z]:")


class ArchiveError(ValueError):
    """An archive is damaged, hostile, or of something else than the task."""


def place_in_task(member: tarfile.TarInfo, folder: str) -> PurePosixPath | None:
    """Where in the task folder a member belongs.

    Args:
        member: The member; its name is not trusted.
        folder: Name of the task folder that is wanted.

    Returns:
        ``{split}.json``, ``{sample_rate}/{split}/{file}`` and the like; None for a folder, and for
        files that HEAR's format does not know.

    Raises:
        ArchiveError: The name is absolute or leads outside, the member is a link, a device or
            anything else than a file or a folder, or it lies in another task's folder.
    """
    name = member.name.removeprefix("./").rstrip("/")
    parts = name.split("/")
    if member.name.startswith("/") or ".." in parts or UNSAFE.search(name):
        raise ArchiveError(f"member {member.name!r} leads outside the task folder")
    if member.isdir():
        return None
    if not member.isreg() or member.issparse():
        raise ArchiveError(f"member {member.name!r} is {_kind(member)}, not a plain file")
    if "" in parts:
        raise ArchiveError(f"member {member.name!r} has an empty name")
    home = HOME.match(name)
    inner = PurePosixPath(name[home.end() :] if home else name)
    if inner.parts[:1] != (folder,):
        raise ArchiveError(f"member {member.name!r} is not of task {folder}")
    place = PurePosixPath(*inner.parts[1:])
    return place if _is_known(place) else None


def _is_known(place: PurePosixPath) -> bool:
    """Whether HEAR's format has a file at such a place."""
    if any(part.startswith(".") for part in place.parts):
        return False
    if len(place.parts) == 1:
        texts = (METADATA_FILE, VOCABULARY_FILE)
        return place.name in texts or place.suffix == ".json"
    return len(place.parts) == 3 and place.parts[0].isdecimal()


def _kind(member: tarfile.TarInfo) -> str:
    if member.issym():
        return "a symbolic link"
    if member.islnk():
        return "a hard link"
    if member.issparse():
        return "a sparse file"
    return "a device, a pipe or of unknown type"


@dataclass(frozen=True)
class Limits:
    """What an archive may hold; several times what HEAR's largest task has.

    Attributes:
        total_bytes: Bytes after decompression, in all (beehive_states has 32 GB).
        file_bytes: Bytes of one member, which lies in memory (ten minutes at 48 kHz are 58 MB).
        files: Members (speech_commands has 100,503 clips).
        ratio: Decompressed by compressed bytes so far; speech with its pauses has less than 10.
        free_bytes: Decompressed bytes up to which the ratio does not count: an archive may begin
            with silent clips.
        header_bytes: Bytes between two members, and after the last.
    """

    total_bytes: int = 200 * 10**9
    file_bytes: int = 256 << 20
    files: int = 500_000
    ratio: float = 100.0
    free_bytes: int = 256 << 20
    header_bytes: int = 1 << 20


class BoundedGzip:
    """A gzip file as a stream, for ``tarfile``'s mode ``r|``, that stops at its limits.

    Raises:
        ArchiveError: From ``read``: the file is cut short, damaged, or over a limit.
    """

    def __init__(self, path: Path, limits: Limits, advance: Callable[[int, int], None]) -> None:
        self._size = path.stat().st_size
        self._raw = path.open("rb")
        self._gzip = gzip.GzipFile(fileobj=self._raw)
        self._limits = limits
        self._advance = advance
        self._position = 0
        self._allowed = limits.header_bytes

    def __enter__(self) -> BoundedGzip:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._gzip.close()
        self._raw.close()

    def allow(self, file_bytes: int) -> None:
        """Let the next member be read: so many bytes from here, and headers around it."""
        self._allowed = self._position + file_bytes + self._limits.header_bytes

    def read(self, size: int) -> bytes:
        """Read decompressed bytes."""
        try:
            block = self._gzip.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ArchiveError(f"it is cut short or damaged ({error})") from None
        self._position += len(block)
        self._check()
        self._advance(min(self._raw.tell(), self._size), self._size)
        return block

    def read_to_end(self) -> None:
        """Read what is left, so that the checksum at the end of the file is compared."""
        while self.read(1 << 16):
            pass

    def _check(self) -> None:
        if self._position > self._allowed:
            raise ArchiveError(
                f"it has over {self._limits.header_bytes:,} bytes that belong to no file"
            )
        if self._position > self._limits.total_bytes:
            raise ArchiveError(f"it unpacks to over {self._limits.total_bytes:,} bytes")
        if self._position > max(self._limits.free_bytes, self._limits.ratio * self._raw.tell()):
            raise ArchiveError(f"it unpacks to over {self._limits.ratio:g} times its own size")


HEAR: Final = Limits()


@dataclass(frozen=True)
class Entry:
    """A file of a task folder: its place in the folder, and its bytes."""

    place: PurePosixPath
    data: bytes


def read_archive(
    path: Path, folder: str, advance: Callable[[int, int], None], limits: Limits = HEAR
) -> Iterator[Entry]:
    """Read the files of a task from its archive (``.tar.gz``), one after another.

    Args:
        path: The archive.
        folder: Name of the task folder that should be in it.
        advance: Called with the bytes of the archive read so far, and its size.
        limits: What it may hold.

    Yields:
        Every file that HEAR's format knows, in the archive's order.

    Raises:
        ArchiveError: The archive is damaged, hostile or of another task; the message says how,
            without the archive's name.
    """
    places: set[PurePosixPath] = set()
    with BoundedGzip(path, limits, advance) as stream:
        try:
            with tarfile.open(fileobj=cast(Any, stream), mode="r|") as tar:
                for number, member in enumerate(_members(tar, stream, limits), 1):
                    if number > limits.files:
                        raise ArchiveError(f"it has over {limits.files:,} members")
                    place = place_in_task(member, folder)
                    if place is None:
                        continue
                    if place in places:
                        raise ArchiveError(f"member {member.name!r} comes twice")
                    places.add(place)
                    yield Entry(place, _data(tar, member))
        except (tarfile.TarError, UnicodeError, OverflowError) as error:
            raise ArchiveError(f"it is no tar archive, cut short or damaged ({error})") from None
        stream.read_to_end()
    if not places:
        raise ArchiveError(f"it has no file of task {folder}")


def _members(
    tar: tarfile.TarFile, stream: BoundedGzip, limits: Limits
) -> Iterator[tarfile.TarInfo]:
    """The members; the stream lets each be read before the next header."""
    while (member := tar.next()) is not None:
        if not 0 <= member.size <= limits.file_bytes:
            raise ArchiveError(
                f"member {member.name!r} has {member.size:,} bytes, and no file of a task has over "
                f"{limits.file_bytes:,}"
            )
        stream.allow(member.size)
        cast(Any, tar).members = []  # tarfile would keep every header
        yield member


def _data(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    data = file.read() if file else b""
    if len(data) != member.size:
        raise ArchiveError(f"it is cut short in member {member.name!r}")
    return data
