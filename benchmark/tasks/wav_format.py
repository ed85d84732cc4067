"""WAV headers that contradict themselves, which libsndfile decodes to noise without a word.

Source: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE), "fmt-ck".
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
SUBFORMAT: Final = 24  # byte of WAVE_FORMAT_EXTENSIBLE where the true format stands
BITS: Final = {PCM: range(1, 33), FLOAT: (32, 64), A_LAW: (8,), MU_LAW: (8,)}


def contradiction(path: Path) -> str | None:
    """What cannot be true of a WAV's header, as the end of a sentence; None if nothing shows."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return None
        file.seek(12)
        while len(header := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", header)
            start = file.tell()
            if name == b"fmt " and (wrong := _format(file.read(min(length, 40)))):
                return wrong
            if name == b"data":
                file.seek(start + length + length % 2)
                return _behind(file.read(8), size - start - length)
            file.seek(start + length + length % 2)
    return None


def _format(chunk: bytes) -> str | None:
    """Bytes of a sample, its bits and the number of channels must fit together."""
    if len(chunk) < 16:
        return None
    tag, channels, _, _, align, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == EXTENSIBLE and len(chunk) >= SUBFORMAT + 2:
        tag = int.from_bytes(chunk[SUBFORMAT : SUBFORMAT + 2], "little")
    if tag not in BITS or not channels:  # a codec of blocks, or what libsndfile refuses
        return None
    if bits in BITS[tag] and align == channels * -(-bits // 8):
        return None
    return f"its header says {bits} bits, {channels} channels and {align} bytes for all of them"


def _behind(header: bytes, rest: int) -> str | None:
    """Behind the audio there may be chunks, which have names, or zeros, or nothing."""
    if len(header) < 8 or header[:4].isascii() or not any(header):
        return None
    return f"behind the audio that its header promises are {rest} bytes that are no chunk"
