"""What is wrong with an audio file by its first and last bytes, before it is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from benchmark.tasks.truncated import frames_start, truncation
from benchmark.tasks.wav_format import contradiction

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
        yield "unreadable-audio", "is no plain file"
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
    if not known:
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


def _is_mp3(file: BinaryIO) -> bool:
    """Whether a frame is where it should be: at the start, or behind tags."""
    start = frames_start(file)
    file.seek(start)
    frame = file.read(2)
    return frame[:1] == b"\xff" and frame[1:] >= b"\xe0"
