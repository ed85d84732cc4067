"""The audio files of a package, also those inside zip archives, laid under names of our own."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pretrain.data.debian.deb import DebError, Limits, Member, read_deb

AUDIO = (".wav", ".ogg", ".oga", ".flac", ".opus", ".mp3")
ZIPPED = (".zip", ".pk3", ".pk4", ".dpk")
SOUNDFONTS = (".sf2", ".sf3")
COPYRIGHT = "/copyright"


@dataclass(frozen=True)
class Recording:
    """An audio file that lies on disk.

    Attributes:
        name: Its path in the package; inside an archive, ``archive.pk3:path``.
        path: Where it lies.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class Unpacked:
    """What is taken from a package.

    Attributes:
        recordings: Its files of the wanted suffixes, in an order that depends on their names alone
            and is random otherwise, so that the first of them are a sample of all.
        copyright: Its ``/usr/share/doc/PACKAGE/copyright``; empty if there is none.
    """

    recordings: list[Recording]
    copyright: bytes


def unpack_recordings(deb: Path, folder: Path, suffixes: tuple[str, ...]) -> Unpacked:
    """Write a package's files of some suffixes into a folder; equal files once.

    The names on disk are numbers and the suffix: what the package calls its files decides nothing.

    Args:
        deb: The package.
        folder: An empty one.
        suffixes: In lower case.

    Raises:
        DebError: The package is damaged or hostile.
        OSError: A file cannot be written.
    """
    found: list[Recording] = []
    seen: set[bytes] = set()
    copyright_file = b""
    for member in _members(deb, suffixes):
        if member.name.endswith(COPYRIGHT):
            copyright_file = copyright_file or member.data
            continue
        digest = hashlib.sha256(member.data).digest()
        if digest in seen or not member.data:
            continue
        seen.add(digest)
        path = folder / f"{len(found):06d}{PurePosixPath(member.name).suffix.lower()}"
        path.write_bytes(member.data)
        found.append(Recording(member.name, path))
    found.sort(key=lambda recording: _shuffled(recording.name))
    return Unpacked(found, copyright_file)


def _members(deb: Path, suffixes: tuple[str, ...]) -> Iterator[Member]:
    limits = Limits()
    for member in read_deb(deb, (*suffixes, *ZIPPED, COPYRIGHT), limits):
        if member.name.lower().endswith(ZIPPED):
            yield from _zipped(member, suffixes, limits)
        else:
            yield member


def _zipped(archive: Member, suffixes: tuple[str, ...], limits: Limits) -> Iterator[Member]:
    """Files of a zip archive; none of one that is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive.data)) as file:
            infos = [i for i in file.infolist() if i.filename.lower().endswith(suffixes)]
            if len(infos) > limits.members:
                raise DebError(f"{archive.name!r} has over {limits.members:,} members")
            left = limits.total_bytes
            for info in infos:
                if info.is_dir() or info.flag_bits & 1:  # encrypted
                    continue
                with file.open(info) as opened:
                    data = opened.read(min(limits.file_bytes, left) + 1)
                left -= len(data)
                if len(data) > limits.file_bytes or left < 0:
                    raise DebError(f"{archive.name!r} unpacks to over {limits.file_bytes:,} bytes")
                yield Member(f"{archive.name}:{info.filename}", data)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, UnicodeError):
        return


def _shuffled(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
