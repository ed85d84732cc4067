"""Files of a Debian package, read as a stream. The package is not trusted: none of it is run.

A ``.deb`` is an ``ar`` archive (deb(5)) of ``debian-binary``, ``control.tar.*`` and ``data.tar.*``.
``tarfile`` only parses headers here: no member is written by it, and names are only compared.
"""

from __future__ import annotations

import lzma
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

MAGIC = b"!<arch>\n"
HEADER = 60  # bytes of an ar member's header
CHUNK = 1 << 16
XZ_MEMORY = 512 << 20  # bytes that decompression may take; xz -9 asks for 65 MiB


class DebError(ValueError):
    """A package is damaged or hostile; the message says how, without the file's name."""


@dataclass(frozen=True)
class Limits:
    """What a package may hold; some times what the largest of the list has.

    Attributes:
        members: Files and folders.
        file_bytes: Of one file, which lies in memory (ufoai-music has one of 210 MB).
        total_bytes: Of all, unpacked.
        header_bytes: Between two files.
    """

    members: int = 100_000
    file_bytes: int = 512 << 20
    total_bytes: int = 8 << 30
    header_bytes: int = 1 << 20


@dataclass(frozen=True)
class Member:
    """A regular file of a package: its path without a leading ``./``, and its bytes."""

    name: str
    data: bytes


def read_deb(
    path: Path, suffixes: tuple[str, ...], limits: Limits | None = None
) -> Iterator[Member]:
    """Regular files of a package whose names end in one of some suffixes, in its order.

    Links, devices and folders are passed over. So are files of other names, without being kept.

    Args:
        path: The ``.deb``.
        suffixes: In lower case.
        limits: What the package may hold.

    Raises:
        DebError: It is no package, damaged, or over a limit.
        OSError: It cannot be read.
    """
    limits = limits or Limits()
    with path.open("rb") as file:
        name, size = _find_data(file)
        with _decompressed(path, file, name, size) as chunks:
            stream = _Bounded(chunks, limits)
            try:
                with tarfile.open(fileobj=cast(Any, stream), mode="r|") as tar:
                    yield from _files(tar, stream, suffixes, limits)
            except (tarfile.TarError, UnicodeError, OverflowError) as error:
                raise DebError(f"its {name} is cut short or damaged ({error})") from None


def _files(
    tar: tarfile.TarFile, stream: _Bounded, suffixes: tuple[str, ...], limits: Limits
) -> Iterator[Member]:
    count = 0
    while (member := tar.next()) is not None:
        cast(Any, tar).members = []  # tarfile would keep every header
        count += 1
        if count > limits.members:
            raise DebError(f"it has over {limits.members:,} members")
        if not 0 <= member.size <= limits.file_bytes:
            raise DebError(f"{member.name!r} has {member.size:,} bytes, over {limits.file_bytes:,}")
        stream.allow(member.size)
        if not member.isreg() or not member.name.lower().endswith(suffixes):
            continue
        opened = tar.extractfile(member)
        data = opened.read() if opened else b""
        if len(data) != member.size:
            raise DebError(f"it is cut short in {member.name!r}")
        yield Member(member.name.removeprefix("./"), data)


def _find_data(file: BinaryIO) -> tuple[str, int]:
    """Go to the data member of an ar archive: its name and size."""
    if file.read(len(MAGIC)) != MAGIC:
        raise DebError("it is no Debian package (no ar archive)")
    for _ in range(16):
        header = file.read(HEADER)
        if len(header) < HEADER or header[58:] != b"`\n":
            break
        name = header[:16].decode("ascii", "replace").strip().rstrip("/")
        digits = header[48:58].strip()
        if not digits.isdigit():
            break
        size = int(digits)
        if name.startswith("data.tar"):
            return name, size
        file.seek(size + size % 2, 1)
    raise DebError("it is no Debian package (no data.tar in it), cut short or damaged")


@contextmanager
def _decompressed(path: Path, file: BinaryIO, name: str, size: int) -> Iterator[Iterator[bytes]]:
    """The bytes of the data member, unpacked, in chunks."""
    kind = name.removeprefix("data.tar")
    if kind == ".xz":
        yield _xz(file, size)
    elif kind == ".gz":
        yield _gzip(file, size)
    elif kind == "":
        yield _raw(file, size)
    elif kind == ".zst" and (dpkg := shutil.which("dpkg-deb")):
        command = [dpkg, "--fsys-tarfile", str(path.resolve())]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            assert child.stdout is not None
            yield iter(lambda: cast(BinaryIO, child.stdout).read(CHUNK), b"")
            child.stdout.close()
            child.kill()  # done with it, whether it is at its end or not
    else:
        raise DebError(f"{name} is read with dpkg-deb, which is not here; install dpkg")


def _raw(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (chunk := file.read(min(CHUNK, size))):
        size -= len(chunk)
        yield chunk
    if size:
        raise DebError("it is cut short")


def _xz(file: BinaryIO, size: int) -> Iterator[bytes]:
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
    try:
        for chunk in _raw(file, size):
            data = decoder.decompress(chunk, CHUNK)
            yield data
            while not decoder.eof and not decoder.needs_input:
                yield decoder.decompress(b"", CHUNK)
            if decoder.eof:
                return
    except lzma.LZMAError as error:
        raise DebError(f"it is damaged ({error})") from None


def _gzip(file: BinaryIO, size: int) -> Iterator[bytes]:
    decoder = zlib.decompressobj(wbits=31)
    try:
        for chunk in _raw(file, size):
            yield decoder.decompress(chunk, CHUNK)
            while decoder.unconsumed_tail and not decoder.eof:
                yield decoder.decompress(decoder.unconsumed_tail, CHUNK)
            if decoder.eof:
                return
    except zlib.error as error:
        raise DebError(f"it is damaged ({error})") from None


class _Bounded:
    """Chunks as a file for ``tarfile``'s mode ``r|``, which stops at the limits."""

    def __init__(self, chunks: Iterator[bytes], limits: Limits) -> None:
        self._chunks, self._limits = chunks, limits
        self._left = b""
        self._position = 0
        self._allowed = limits.header_bytes

    def allow(self, file_bytes: int) -> None:
        """Let the next file be read: so many bytes from here, and headers around it."""
        self._allowed = self._position + file_bytes + self._limits.header_bytes

    def read(self, size: int) -> bytes:
        """Read at most ``size`` bytes; fewer only at the end."""
        parts, missing = [self._left], size - len(self._left)
        while missing > 0 and (self._position + size - missing) <= self._allowed:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            missing -= len(chunk)
        data = b"".join(parts)
        data, self._left = data[:size], data[size:]
        self._position += len(data)
        if self._position > self._allowed:
            raise DebError(
                f"it has over {self._limits.header_bytes:,} bytes that belong to no file"
            )
        if self._position > self._limits.total_bytes:
            raise DebError(f"it unpacks to over {self._limits.total_bytes:,} bytes")
        return data
