"""Audio files below a folder, and how one is decoded: to mono, at one rate, as int16.

torch is not imported here: the worker processes of `mspretrain pack` would each need seconds for
it.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from msssl_common.audio_files import SixteenBits, sample_fault, source_fault
from msssl_common.audio_folders import find_audio_files
from msssl_common.console import make_console
from msssl_common.csv_tables import original_text
from msssl_common.decoder_notes import decoder_notes
from msssl_common.messages import one_printable_line

SAMPLE_RATE = 16000  # Hz
FULL_SCALE = 32768.0  # int16 steps in an amplitude of 1
SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"})
BLOCK_SECONDS = 30  # decoded at once, so that a ten-hour recording needs no more memory
MANIFEST = "manifest.csv"


def find_audio(folder: Path) -> list[Path]:
    """Audio files below a folder, sorted by relative path; links are followed.

    Links that lead nowhere or in a circle are named on stderr.

    Raises:
        FileNotFoundError: The folder is absent.
        ValueError: It holds no audio.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; give a folder of audio files")
    found = find_audio_files(folder, SUFFIXES)
    for sentence in found.not_followed:
        say(sentence)
    paths = found.files
    if not paths:
        wanted = ", ".join(sorted(SUFFIXES))
        raise ValueError(f"{folder}: no audio files in it; it needs files ending in {wanted}")
    return sorted(paths, key=lambda path: path.relative_to(folder).as_posix())


def say(sentence: str) -> None:
    """Print a sentence on stderr, on one line."""
    make_console(stderr=True).print(
        one_printable_line(sentence), markup=False, highlight=False, soft_wrap=True
    )


def read_mono(
    path: Path,
    sample_rate: int = SAMPLE_RATE,
    start: float = 0.0,
    seconds: float | None = None,
    bits: SixteenBits | None = None,
) -> NDArray[np.int16]:
    """Decode one file: channels averaged, resampled, shape (samples,).

    Args:
        path: The file.
        sample_rate: Hz, of the result.
        start: Where to begin, seconds.
        seconds: How much to read; None for all that is left.
        bits: Told what was read, to say what 16 bits lose of it.

    Raises:
        soundfile.SoundFileError: It is no audio.
        OSError: It cannot be read.
        ValueError: It is cut or damaged, says that it has an impossible sample rate, or has samples
            that are NaN, infinite or far beyond full scale.
    """
    bits = SixteenBits() if bits is None else bits
    with decoder_notes(path, lambda: soundfile.read(path)) as heard:
        if fault := source_fault(path, whole=not start and seconds is None):
            raise ValueError(fault)
        with soundfile.SoundFile(path) as file:
            first = min(round(start * file.samplerate), file.frames)
            if first:
                file.seek(first)
            left = None if seconds is None else round(seconds * file.samplerate)
            samples = _read_blocks(file, sample_rate, first, left, bits)
            if heard.of_interest and not first and left is None:
                heard.gave(file.tell(), file.frames)
    bits.damage = heard.words
    return samples


def sources_of(folder: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Tag of each file: its source in the folder's manifest.csv, else its first-level folder.

    Args:
        folder: Of the audio.
        names: Paths below it, with forward slashes.

    Raises:
        ValueError: The manifest has no column ``file`` or ``source``.
    """
    manifest = _read_manifest(folder / MANIFEST)
    return tuple(manifest.get(name) or _first_folder(folder, name) for name in names)


def _read_manifest(path: Path) -> dict[str, str]:
    """``source`` by ``file`` of a manifest.csv; empty when there is none."""
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = {"file", "source"} - set(rows.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: no column {min(missing)!r}; it needs file and source")
        return {original_text(row["file"]): original_text(row["source"] or "") for row in rows}


def _first_folder(folder: Path, name: str) -> str:
    first, slash, _ = name.partition("/")
    return first if slash else folder.resolve().name


def _read_blocks(
    file: soundfile.SoundFile, sample_rate: int, first: int, left: int | None, bits: SixteenBits
) -> NDArray[np.int16]:
    """Average the channels, resample and round; block by block, of at most ``left`` frames.

    Args:
        file: Open, at its frame ``first``.
        sample_rate: Hz, of the result.
        first: For messages: files of some codecs cannot tell.
        left: Frames to read; None for all.
        bits: Told what was read.
    """
    resampler = None
    if file.samplerate != sample_rate:
        resampler = soxr.ResampleStream(file.samplerate, sample_rate, 1, dtype="float32")
    blocks: list[NDArray[np.int16]] = []
    start = first
    while True:
        frames = BLOCK_SECONDS * file.samplerate
        frames = frames if left is None else min(frames, left)
        block = file.read(frames, dtype="float32", always_2d=True)
        left = None if left is None else left - len(block)
        last = len(block) == 0
        if wrong := sample_fault(block, file.samplerate, start / file.samplerate):
            raise ValueError(wrong)
        start += len(block)
        mono = block.mean(axis=1, dtype=np.float32) if not last else np.zeros(0, np.float32)
        bits.add(block, mono)
        if resampler is not None:
            mono = resampler.resample_chunk(mono, last=last)
        blocks.append(_to_int16(mono))
        if last:
            return np.concatenate(blocks)


def _to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    scaled = np.rint(samples * np.float32(FULL_SCALE)).clip(-FULL_SCALE, FULL_SCALE - 1)
    clipped: NDArray[np.int16] = scaled.astype(np.int16)
    return clipped
