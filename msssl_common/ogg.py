"""Faults of an Ogg file that its decoder passes over: damaged pages, and streams behind the first.

libsndfile decodes an Ogg file up to a damaged page, and the first of several streams, as if that
were all. So the pages are read here: each has a checksum.

Source: RFC 3533, section 6 (the page), 4 (grouping and chaining).
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

HEADER: Final = 27  # bytes before the table of segments
CHECKSUM: Final = slice(22, 26)
BEGIN_OF_STREAM: Final = 2  # flag of a page
END_OF_STREAM: Final = 4
# zlib's CRC-32 has the same polynomial, with the bits of every byte and of the sum turned round.
TURNED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def ogg_fault(path: Path) -> str | None:
    """What is wrong with an Ogg file as a whole, as the end of a sentence; None for any other."""
    with path.open("rb") as file:
        if file.read(4) != b"OggS":
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _fault(data)


def _fault(data: mmap.mmap) -> str | None:
    begun = ended = False  # whether a page with audio or comments was met; and the last one
    for number, (start, end) in enumerate(_pages(data)):
        if not b"OggS".startswith(data[start : start + 4]):
            # Behind the end may be a tag, or zeros.
            return None if ended else f"is damaged: no Ogg page begins at byte {start}"
        if end > len(data):
            return "was cut: its last Ogg page is not whole"
        page = bytearray(data[start:end])
        promised = int.from_bytes(page[CHECKSUM], "little")
        page[CHECKSUM] = bytes(4)
        if page_checksum(page) != promised:
            return f"is damaged: the checksum of its Ogg page {number} is of other bytes"
        begins = bool(page[5] & BEGIN_OF_STREAM)
        if begins and begun:
            return "holds several streams one behind the other, and only the first would be read"
        begun, ended = begun or not begins, bool(page[5] & END_OF_STREAM)
    return None


def _pages(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Start and end of each page, by what its header says."""
    start = 0
    while start < len(data):
        segments = data[start + HEADER - 1] if start + HEADER <= len(data) else 0
        table = data[start + HEADER : start + HEADER + segments]
        end = start + HEADER + segments + sum(table)
        yield start, end
        start = end


def page_checksum(page: bytes | bytearray) -> int:
    """Of a page whose own checksum is zero: CRC-32 of 0x04c11db7, from 0 on, not inverted."""
    turned = zlib.crc32(page.translate(TURNED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(turned.to_bytes(4, "little").translate(TURNED), "big")
