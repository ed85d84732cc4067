"""Samples as the bytes of a FLAC or Opus file, and back."""

from __future__ import annotations

import io
import struct
from typing import Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from msssl_common.ogg import page_checksum

Codec = Literal["flac", "opus"]
_FORMATS = {"flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}


def check_codec(codec: Codec) -> None:
    """Check that this libsndfile writes it.

    Raises:
        ValueError: It does not.
    """
    if not soundfile.check_format(*_FORMATS[codec]):
        raise ValueError(
            f"libsndfile {soundfile.__libsndfile_version__} here cannot write {codec}; "
            "give --codec flac"
        )


def encode(samples: NDArray[np.int16], sample_rate: int, codec: Codec) -> bytes:
    """A file's bytes, the same ones every time; FLAC is lossless, Opus at libsndfile's rate.

    Args:
        samples: int16, shape (samples,).
        sample_rate: Hz.
        codec: ``flac``, or ``opus``: a fifth of the bytes.
    """
    form, subtype = _FORMATS[codec]
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, sample_rate, format=form, subtype=subtype)
    return buffer.getvalue() if codec == "flac" else with_serial(buffer.getvalue(), 0)


def decode(data: bytes) -> NDArray[np.int16]:
    """Samples of a file's bytes, int16, shape (samples,).

    Raises:
        soundfile.SoundFileError: They are no audio.
    """
    samples: NDArray[np.int16] = soundfile.read(io.BytesIO(data), dtype="int16")[0]
    return samples


def with_serial(data: bytes, serial: int) -> bytes:
    """An Ogg file with another stream serial number: libsndfile draws it at random.

    Page header: RFC 3533, section 6: serial number at byte 14, checksum at 22, segments from 26.
    """
    pages, start = [], 0
    while start < len(data):
        segments = data[start + 26]
        body = sum(data[start + 27 : start + 27 + segments])
        page = bytearray(data[start : start + 27 + segments + body])
        page[14:18] = struct.pack("<I", serial)
        page[22:26] = bytes(4)
        page[22:26] = struct.pack("<I", page_checksum(page))
        pages.append(page)
        start += len(page)
    return b"".join(pages)
