"""Files that were cut: what the container promises against what is there.

libsndfile reads a cut WAV or Ogg to its new end without a word, so the containers are read here.
A cut FLAC breaks off while it is decoded. MP3 does not know its length and cannot be judged.

Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE); RFC 3533 (Ogg).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final

UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF)  # what a program writes that cannot go back to the header
OGG_HEADER: Final = 27  # bytes before the table of segments
END_OF_STREAM: Final = 4  # flag of an Ogg page
LONGEST_PAGE: Final = OGG_HEADER + 255 + 255 * 255  # bytes


def truncation(path: Path) -> str | None:
    """What is missing from a file, as the end of a sentence; None if nothing shows."""
    with path.open("rb") as file:
        magic = file.read(4)
        if magic == b"RIFF":
            return _wav(file, path.stat().st_size)
        if magic == b"OggS":
            return _ogg(file, path.stat().st_size)
    return None


def _wav(file: BinaryIO, size: int) -> str | None:
    file.seek(12)
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack("<4sI", header)
        if name == b"data":
            there = size - file.tell()
            if length in UNKNOWN_SIZES or there >= length:
                return None
            return f"its header promises {length} bytes of audio, but {there} are there"
        file.seek(length + length % 2, 1)  # chunks begin at even places
    return None


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
