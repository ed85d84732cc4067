"""Files that were cut: what the container promises against what is there.

libsndfile reads a cut file to its new end without a word, so the containers are read here. A cut
FLAC or CAF breaks off while it is decoded. An MP3 promises a size only where its encoder left one.

Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE); EBU Tech 3306
(RF64); "Audio Interchange File Format" 1.3 (AIFF); RFC 3533 (Ogg); the ``au(5)`` page of Solaris;
Sony's W64 as libsndfile writes it; the LAME and Xing header as LAME documents it (MP3).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final

UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF)  # what a program writes that cannot go back to the header
OGG_HEADER: Final = 27  # bytes before the table of segments
END_OF_STREAM: Final = 4  # flag of an Ogg page
LONGEST_PAGE: Final = OGG_HEADER + 255 + 255 * 255  # bytes
XING_REACH: Final = 200  # bytes from the first frame of an MP3 in which its header must lie
W64_HEAD: Final = 24  # bytes of a chunk's identifier and size, which count themselves


def truncation(path: Path) -> str | None:
    """What is missing from a file, as the end of a sentence; None if nothing shows."""
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        if magic == b"OggS":
            return _ogg(file, size)
        promised = _promised(file, magic)
        there = size - file.tell()
    if promised in (None, *UNKNOWN_SIZES) or there >= promised:
        return None
    return f"its header promises {promised} bytes of audio, but {there} are there"


def _promised(file: BinaryIO, magic: bytes) -> int | None:
    """Bytes of audio that a container promises; leaves the file where they begin."""
    if magic in (b"RIFF", b"RIFX", b"RF64"):
        return _wav(file, ">" if magic == b"RIFX" else "<")
    if magic == b"riff":
        return _w64(file)
    if magic == b"FORM":
        file.seek(12)
        return _chunk(file, ">", b"SSND")
    if magic == b".snd":
        start, size = struct.unpack(">II", file.read(8).ljust(8, b"\0"))
        file.seek(start)
        return int(size)
    return _mp3(file)


def _wav(file: BinaryIO, order: str) -> int | None:
    """RIFF, and RF64, whose sizes of 64 bits are in a chunk of their own."""
    file.seek(12)
    long_size = None
    if file.read(4) == b"ds64":
        long_size = int.from_bytes(file.read(20)[12:], "little")
    file.seek(12)
    size = _chunk(file, order, b"data")
    return long_size if size == 0xFFFFFFFF and long_size is not None else size


def _chunk(file: BinaryIO, order: str, wanted: bytes) -> int | None:
    """Size of the first chunk of a kind; chunks begin at even places."""
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack(f"{order}4sI", header)
        if name == wanted:
            return int(length)
        file.seek(length + length % 2, 1)
    return None


def _w64(file: BinaryIO) -> int | None:
    file.seek(40)
    while len(header := file.read(W64_HEAD)) == W64_HEAD:
        name, length = struct.unpack("<4s12xQ", header)
        if name == b"data" or length < W64_HEAD:
            return int(length) - W64_HEAD
        file.seek(min(-(-length // 8) * 8 - W64_HEAD, 1 << 40), 1)
    return None


def frames_start(file: BinaryIO) -> int:
    """Where an MP3's frames begin, bytes: behind its tags, whose sizes have 7 bits to the byte."""
    start = 0
    file.seek(start)
    while len(head := file.read(10)) == 10 and head[:3] == b"ID3":
        start += 10 + sum((byte & 127) << 7 * place for place, byte in enumerate(head[:5:-1]))
        file.seek(start)
    return start


def _mp3(file: BinaryIO) -> int | None:
    start = frames_start(file)
    file.seek(start)
    frame = file.read(XING_REACH)
    place = max(frame.find(b"Xing"), frame.find(b"Info"))
    if place < 0 or frame[:1] != b"\xff" or len(frame) < place + 16:
        return None
    flags, _, size = struct.unpack(">III", frame[place + 4 : place + 16])
    file.seek(start)
    return int(size) if flags & 3 == 3 else None


def _ogg(file: BinaryIO, size: int) -> str | None:
    """The last page must be whole and say that the stream ends with it."""
    start = max(0, size - LONGEST_PAGE)
    file.seek(start)
    tail = file.read()
    place = tail.rfind(b"OggS\0")  # with the version, or sound could look like a page
    page = tail[place:]
    if place < 0 or len(page) < OGG_HEADER:
        return "its last Ogg page is not whole"
    segments = page[26]
    if len(page) < OGG_HEADER + segments + sum(page[OGG_HEADER : OGG_HEADER + segments]):
        return "its last Ogg page is not whole"
    if not page[5] & END_OF_STREAM:
        return "its Ogg stream has no last page"
    return None
