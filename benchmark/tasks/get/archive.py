"""Reading a task's archive as a stream, with suspicion: nothing in it decides where we write.

``tarfile`` only parses headers here. No member is ever extracted by it: Python 3.10 has no sure
``filter="data"``, and files go through memory anyway, to be resampled.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, cast

from benchmark.tasks.get.bounded_gzip import BoundedGzip, Limits
from benchmark.tasks.get.members import ArchiveError, place_in_task

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
