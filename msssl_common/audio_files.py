"""Faults of an audio file that libsndfile does not report: cuts, false headers, wrong checksums.

libsndfile reads a cut file to its new end without an error. So the containers are read here, and
what they promise is compared with what is there. A cut FLAC or CAF fails while it is decoded. An
MP3 promises a size only if its encoder left one. libsndfile also ignores the MD5 sum that a FLAC
keeps of its samples, and decodes a WAV whose header contradicts itself to noise.

Sources: "Multimedia Programming Interface and Data Specifications 1.0" (RIFF WAVE, "fmt-ck"); EBU
Tech 3306 (RF64); "Audio Interchange File Format" 1.3 (AIFF); RFC 3533 (Ogg); RFC 9639, section 8.2
(FLAC's streaminfo); the ``au(5)`` page of Solaris; Sony's W64 as libsndfile writes it; the LAME and
Xing header as LAME documents it (MP3).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from msssl_common.ogg import END_OF_STREAM, ogg_fault
from msssl_common.ogg import HEADER as OGG_HEADER

UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF)  # what a program writes that cannot go back to the header
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


LOUDEST: Final = 16.0
"""Of full scale, 24 dB above it. Float files may exceed 1 a little; 16-bit numbers stored as float
exceed it by 32768, and broken ones by anything."""

# Containers of which we can tell whether they are whole; libsndfile reads twenty more.
MAGICS: Final = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"caff", b"fLaC", b"OggS")


def file_faults(path: Path) -> Iterator[tuple[str, str]]:
    """Faults of a file: a kind (`benchmark.tasks.check.finding`), and the end of a sentence.

    Args:
        path: What is there, of whatever kind; a pipe is not opened, which would wait for ever.

    Raises:
        OSError: It cannot be opened.
    """
    if not path.is_file():
        if path.exists():
            yield "unreadable-audio", "is no plain file"
        else:
            yield "missing-audio", "is missing"
        return
    try:
        str(path).encode()
    except UnicodeEncodeError:
        yield "unreadable-audio", "has a name that is no UTF-8: rename it"
        return
    if path.stat().st_size == 0:
        yield "unreadable-audio", "is an empty file (0 bytes)"
        return
    with path.open("rb") as file:
        known = file.read(4) in MAGICS or _is_mp3(file)
        file.seek(start := frames_start(file))
        tagged = bool(start) and file.read(4) in MAGICS
    if tagged:
        yield (
            "unreadable-audio",
            "cannot be read as audio: it begins with an ID3 tag, which only MP3 has: remove it",
        )
    elif not known:
        yield (
            "unreadable-audio",
            "cannot be read as audio: it is no WAV, W64, AIFF, AU, CAF, FLAC, Ogg or MP3",
        )
    if wrong := contradiction(path):
        yield "unreadable-audio", f"cannot be read as audio: {wrong}"
    if cut := truncation(path):
        yield "truncated-audio", f"was cut: {cut}"


def too_loud(peak: float) -> str | None:
    """What to say of a clip with that peak, as the end of a sentence; None if it may be."""
    if not peak > LOUDEST:
        return None
    return f"has a sample of {peak:.3g}: HEAR's audio lies in [-1, 1], so divide it by full scale"


def not_finite(samples: int, seconds: float) -> str:
    """What to say of so many samples without a value, the first at ``seconds``."""
    return f"has {samples} samples that are NaN or infinite, the first at {seconds:.3f} s"


def sample_fault(samples: NDArray[np.float32], rate: int, start: float = 0.0) -> str | None:
    """What is wrong with decoded samples, as the end of a sentence; None if they may be used.

    Args:
        samples: Shape (samples,) or (samples, channels), before channels are averaged.
        rate: Hz.
        start: Where they begin in the file, seconds.
    """
    if not len(samples):
        return None
    finite = np.isfinite(samples)
    if not finite.all():
        bad = ~finite if samples.ndim == 1 else (~finite).any(axis=1)
        return not_finite(int(np.count_nonzero(bad)), start + int(np.argmax(bad)) / rate)
    return too_loud(float(np.abs(samples).max()))


LOWEST_RATE: Final = 1_000  # Hz; telephones have 8,000
HIGHEST_RATE: Final = 1_000_000  # Hz; recorders of bats have 500,000


def rate_fault(rate: int) -> str | None:
    """What to say of a header's sample rate, as the end of a sentence; None if it may be.

    Resampling from 1 Hz would make 16,000 samples of each.
    """
    if LOWEST_RATE <= rate <= HIGHEST_RATE:
        return None
    return (
        f"says that its sample rate is {rate} Hz: audio has {LOWEST_RATE} to {HIGHEST_RATE} Hz, so "
        "its header is wrong"
    )


def source_fault(path: Path, whole: bool = True) -> str | None:
    """What is wrong with a file of any rate and channels, as the end of a sentence, or None.

    Args:
        path: The file.
        whole: Whether all of it will be read, so that sums over all of it are to be compared.

    Raises:
        OSError: It cannot be opened.
        soundfile.LibsndfileError: It cannot be decoded.
    """
    for _, fault in file_faults(path):
        return fault
    if wrong := rate_fault(int(soundfile.info(path).samplerate)):
        return wrong
    return sum_fault(path) if whole else None


QUIET: Final = 1e-4  # -80 dBFS, 3 steps of 16 bits
CLIPPED_SHARE: Final = 1e-3  # of all samples


class SixteenBits:
    """What of a file's audio is lost in one channel of 16 bits, block by block.

    Attributes:
        damage: What its decoder passed over, as the end of a sentence, or None.
    """

    def __init__(self) -> None:
        self.damage: str | None = None
        self._samples = self._beyond = 0
        self._peak = self._mono_peak = 0.0

    def add(self, channels: NDArray[np.float32], mono: NDArray[np.float32]) -> None:
        """Take a block as it was decoded, shape (samples, channels), and averaged, (samples,)."""
        if not len(mono):
            return
        size = np.abs(mono)
        self._samples += len(mono)
        self._beyond += int(np.count_nonzero(size > 1))
        self._mono_peak = max(self._mono_peak, float(size.max()))
        self._peak = max(self._peak, float(np.abs(channels).max()))

    @property
    def lost(self) -> str | None:
        """What is lost, as the end of a sentence; None if nothing that counts is."""
        return ", and ".join(filter(None, (self.damage, self._beyond_16_bits()))) or None

    def _beyond_16_bits(self) -> str | None:
        if self._samples and self._beyond / self._samples >= CLIPPED_SHARE:
            share = self._beyond / self._samples
            return (
                f"exceeds full scale in {share:.1%} of its samples (peak {self._mono_peak:.3g}), "
                "which are clipped there"
            )
        if self._mono_peak >= QUIET or not self._peak:
            return None
        if self._peak >= QUIET:
            return "is silence when its channels are averaged: they cancel each other out"
        return (
            f"is too quiet for 16 bits: its peak is {20 * np.log10(self._peak):.0f} dBFS, "
            f"{round(self._mono_peak * 32768)} of 32768 steps"
        )


def _is_mp3(file: BinaryIO) -> bool:
    """Whether a frame is where it should be: at the start, or behind tags."""
    start = frames_start(file)
    file.seek(start)
    frame = file.read(2)
    return frame[:1] == b"\xff" and frame[1:] >= b"\xe0"


BLOCK: Final = 2**18  # samples
UNKNOWN: Final = bytes(16)  # an encoder that has no sum


def sum_fault(path: Path) -> str | None:
    """What the sums in a file say against it, as the end of a sentence; None if nothing.

    Raises:
        soundfile.LibsndfileError: It cannot be decoded.
    """
    return ogg_fault(path) or flac_fault(path)


def flac_fault(path: Path) -> str | None:
    """What is wrong with a FLAC as a whole, as the end of a sentence; None for any other file.

    The file is decoded once more: a few thousand times faster than it plays.

    Raises:
        soundfile.LibsndfileError: It cannot be decoded.
    """
    with path.open("rb") as file:
        head = file.read(42)
    if head[:4] != b"fLaC" or len(head) < 42:
        return None
    packed = int.from_bytes(head[18:26], "big")  # rate, channels - 1, bits - 1, samples
    bits, samples = (packed >> 36 & 31) + 1, packed & (1 << 36) - 1
    if not samples:
        return "does not say how many samples it has"
    if head[26:42] == UNKNOWN:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    width = -(-bits // 8)
    for block in soundfile.blocks(path, BLOCK, dtype="int32", always_2d=True):
        # libsndfile puts a sample in the upper bits; the sum is of its lower bytes.
        numbers = np.ascontiguousarray(block >> (32 - bits)).astype("<i4")
        digest.update(numbers.view(np.uint8).reshape(-1, 4)[:, :width].tobytes())
    if digest.digest() != head[26:42]:
        return "is damaged: the MD5 sum in its header is of other samples"
    return None
