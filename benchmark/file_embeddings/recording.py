"""Any audio file, checked, mixed down and resampled, in pieces of bounded length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from benchmark.tasks.audio import readable
from msssl_common.audio_files import sample_fault, source_fault
from msssl_common.decoder_notes import decoder_notes, tell

CONTEXT_SECONDS: Final = 1
"""Read on both sides of a piece and cut off after resampling, whose filter is far shorter: so a
piece is, to the rounding of float32, the same as in the whole file resampled at once."""

SHORTEST_REST_SECONDS: Final = 1
"""A shorter rest at a file's end belongs to the piece before it: modules that want a second of
audio would fail on it."""

BLOCK: Final = 2**20  # samples of a long file that are checked at once


@dataclass(frozen=True)
class Recording:
    """A file that can be read.

    Attributes:
        path: As it was given.
        size: Bytes.
        modified_ns: When it was last changed.
        rate: Hz.
        frames: Samples of each channel; of a file of one piece, what its header says.
        piece_seconds: Length of all pieces but the last.
        pieces: How many there are.
    """

    path: str
    size: int
    modified_ns: int
    rate: int
    frames: int
    piece_seconds: int
    pieces: int

    def start_seconds(self, piece: int) -> int:
        """Where a piece begins."""
        return piece * self.piece_seconds


def open_recording(path: str, piece_seconds: int) -> Recording:
    """Check a file as a whole, and see how many pieces it has.

    A file of several pieces is decoded here once, so that no piece of a damaged file is embedded.

    Args:
        path: The file.
        piece_seconds: Longest piece, but for a rest.

    Raises:
        ValueError: It is missing, no audio, empty, cut, damaged, or has samples that are NaN,
            infinite or far beyond full scale.
        OSError: It cannot be opened.
    """
    file = Path(path)
    if not file.exists():
        raise ValueError(f"{path} is missing.")
    with readable(file), decoder_notes(file, lambda: _checked_frames(file, 1)) as heard:
        if fault := source_fault(file):
            raise ValueError(f"{path} {fault}.")
        about = soundfile.info(file)
        frames, rate = int(about.frames), int(about.samplerate)
        pieces = _pieces(frames, rate, piece_seconds)
        if pieces > 1:
            frames = _checked_frames(file, rate)
            heard.gave(frames, int(about.frames))
            pieces = _pieces(frames, rate, piece_seconds)
    tell(file, heard.words)
    if frames == 0:
        raise ValueError(f"{path} has no samples.")
    status = file.stat()
    return Recording(path, status.st_size, status.st_mtime_ns, rate, frames, piece_seconds, pieces)


def read_piece(recording: Recording, piece: int, sample_rate: int) -> NDArray[np.float32]:
    """Decode a piece: channels averaged, resampled with soxr "HQ" where the rate is another.

    Args:
        recording: The file.
        piece: Which one, from 0 on.
        sample_rate: Hz, of the result.

    Returns:
        Mono audio, float32, shape (samples,).

    Raises:
        ValueError: It cannot be decoded, has samples that are NaN, infinite or far beyond full
            scale, or is shorter than one sample at that rate.
    """
    file, rate = Path(recording.path), recording.rate
    start = recording.start_seconds(piece) * rate
    before = min(start, CONTEXT_SECONDS * rate)
    last = piece == recording.pieces - 1
    wanted = -1 if last else before + (recording.piece_seconds + CONTEXT_SECONDS) * rate
    with (
        readable(file),
        decoder_notes(file, lambda: soundfile.read(file)) as heard,
        soundfile.SoundFile(file) as opened,
    ):
        if start:
            opened.seek(start - before)
        if wanted < 0 and not opened.seekable():  # GSM, say
            wanted = opened.frames
        audio = opened.read(wanted, dtype="float32", always_2d=True)
        if recording.pieces == 1:
            heard.gave(len(audio), opened.frames)
    tell(file, heard.words)
    mono: NDArray[np.float32] = audio.mean(axis=1)
    _check_samples(file, mono, (start - before) / rate, rate)
    if rate != sample_rate:
        mono = soxr.resample(mono, rate, sample_rate, quality="HQ")
    begin = before // rate * sample_rate
    own = mono[begin:] if last else mono[begin : begin + recording.piece_seconds * sample_rate]
    if not len(own):
        raise ValueError(f"{file} is shorter than a sample at {sample_rate} Hz.")
    return np.ascontiguousarray(own)


def _pieces(frames: int, rate: int, piece_seconds: int) -> int:
    rest = frames - SHORTEST_REST_SECONDS * rate
    return max(1, -(-rest // (piece_seconds * rate)))


def _checked_frames(file: Path, rate: int) -> int:
    """How many frames can be decoded: a header may promise others."""
    frames = 0
    for block in _blocks(file):
        _check_samples(file, block, frames / rate, rate)
        frames += len(block)
    return frames


def _blocks(file: Path) -> Iterator[NDArray[np.float32]]:
    with soundfile.SoundFile(file) as opened:
        frames = max(1, BLOCK // opened.channels)
        while len(block := opened.read(frames, dtype="float32", always_2d=True)):
            yield block.mean(axis=1)


def _check_samples(file: Path, mono: NDArray[np.float32], start: float, rate: int) -> None:
    """Refuse NaN, infinite and far too large samples.

    Args:
        file: For messages.
        mono: Its samples.
        start: Where they begin, seconds.
        rate: Hz.
    """
    if not len(mono):
        raise ValueError(f"{file} has no samples.")
    if wrong := sample_fault(mono, rate, start):
        raise ValueError(f"{file} {wrong}.")
