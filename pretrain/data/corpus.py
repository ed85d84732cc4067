"""A folder of audio, decoded once to mono, in one int16 tensor.

Files are decoded by worker processes that do not import torch, which would cost each of them
seconds.
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor

from msssl_common.audio_files import file_faults, flac_fault, too_loud
from msssl_common.messages import one_printable_line

SAMPLE_RATE = 16000  # Hz
FULL_SCALE = 32768.0  # int16 steps in an amplitude of 1
SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"})
BLOCK_SECONDS = 30  # decoded at once, so that a ten-hour recording needs no more memory
MANIFEST = "manifest.csv"


def find_audio(folder: Path) -> list[Path]:
    """Audio files below a folder, sorted by relative path.

    Raises:
        FileNotFoundError: The folder is absent.
        ValueError: It holds no audio.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; give a folder of audio files")
    paths = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    ]
    if not paths:
        wanted = ", ".join(sorted(SUFFIXES))
        raise ValueError(f"{folder}: no audio files in it; it needs files ending in {wanted}")
    return sorted(paths, key=lambda path: path.relative_to(folder).as_posix())


def read_mono(
    path: Path,
    sample_rate: int = SAMPLE_RATE,
    start: float = 0.0,
    seconds: float | None = None,
) -> NDArray[np.int16]:
    """Decode one file: channels averaged, resampled, shape (samples,).

    Args:
        path: The file.
        sample_rate: Hz, of the result.
        start: Where to begin, seconds.
        seconds: How much to read; None for all that is left.

    Raises:
        soundfile.SoundFileError: It is no audio.
        OSError: It cannot be read.
        ValueError: It is cut or damaged, or holds NaN, Inf or samples far beyond full scale.
    """
    for _, fault in file_faults(path):
        raise ValueError(fault)
    if not start and seconds is None and (damage := flac_fault(path)):
        raise ValueError(damage)
    with soundfile.SoundFile(path) as file:
        first = min(round(start * file.samplerate), file.frames)
        if first:
            file.seek(first)
        left = None if seconds is None else round(seconds * file.samplerate)
        return _read_blocks(file, sample_rate, left)


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
        return {row["file"]: row["source"] for row in rows}


def _first_folder(folder: Path, name: str) -> str:
    first, slash, _ = name.partition("/")
    return first if slash else folder.resolve().name


def _read_blocks(
    file: soundfile.SoundFile, sample_rate: int, left: int | None
) -> NDArray[np.int16]:
    """Average the channels, resample and round; block by block, of at most ``left`` frames."""
    resampler = None
    if file.samplerate != sample_rate:
        resampler = soxr.ResampleStream(file.samplerate, sample_rate, 1, dtype="float32")
    blocks: list[NDArray[np.int16]] = []
    while True:
        frames = BLOCK_SECONDS * file.samplerate
        frames = frames if left is None else min(frames, left)
        block = file.read(frames, dtype="float32", always_2d=True)
        left = None if left is None else left - len(block)
        last = len(block) == 0
        if not np.isfinite(block).all():
            raise ValueError("holds NaN or Inf samples")
        if not last and (loud := too_loud(float(np.abs(block).max()))):
            raise ValueError(loud)
        mono = block.mean(axis=1, dtype=np.float32) if not last else np.zeros(0, np.float32)
        if resampler is not None:
            mono = resampler.resample_chunk(mono, last=last)
        blocks.append(_to_int16(mono))
        if last:
            return np.concatenate(blocks)


def _to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    scaled = np.rint(samples * np.float32(FULL_SCALE)).clip(-FULL_SCALE, FULL_SCALE - 1)
    clipped: NDArray[np.int16] = scaled.astype(np.int16)
    return clipped


@dataclass(frozen=True)
class Corpus:
    """Every clip of a folder, mono at one sample rate, end to end in one tensor.

    Attributes:
        samples: int16, shape (total samples,); 32768 is an amplitude of 1.
        offsets: int64, shape (clips + 1,); clip i is ``samples[offsets[i]:offsets[i + 1]]``.
        names: Path of each clip below the folder, with forward slashes, sorted.
        sources: Tag of each clip: its ``source`` in the folder's manifest.csv, else the name of
            the first-level folder that holds it.
        skipped: One sentence for each file that could not be used.
        sample_rate: Hz.
    """

    samples: Tensor
    offsets: Tensor
    names: tuple[str, ...]
    sources: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    sample_rate: int = SAMPLE_RATE

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.names)

    @property
    def lengths(self) -> Tensor:
        """int64, shape (clips,): samples in each clip."""
        return self.offsets.diff()

    @property
    def hours(self) -> float:
        """Duration of all clips together."""
        return self.samples.numel() / self.sample_rate / 3600

    def clip(self, index: int) -> Tensor:
        """Samples of one clip: int16, shape (samples,), a view."""
        return self.samples[int(self.offsets[index]) : int(self.offsets[index + 1])]

    def fingerprint(self) -> str:
        """Sha256 (hex) over the clips' names and lengths: tells one corpus from another."""
        return fingerprint_of(self.names, self.lengths)


class _Decoded(NamedTuple):
    """What became of one file: its samples, or why there are none."""

    samples: NDArray[np.int16] | None
    reason: str


def read_corpus(folder: Path, sample_rate: int = SAMPLE_RATE) -> Corpus:
    """Decode every audio file below a folder (wav, flac, ogg, mp3; any rate, any channels).

    Files that are empty, unreadable or hold NaN or Inf are skipped and named on stderr.

    Args:
        folder: Searched recursively; hidden files are ignored.
        sample_rate: Hz, of the result. Channels are averaged, then resampled with soxr HQ.

    Raises:
        FileNotFoundError: The folder is absent, or a file went while it was read.
        ValueError: Nothing in it can be used.
    """
    paths = find_audio(folder)
    console = Console(stderr=True)
    # Decoding runs in C without the interpreter's lock, so that threads are enough.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        jobs = pool.map(lambda path: _decode(path, sample_rate), paths)
        decoded = list(
            track(
                jobs, "Decoding", total=len(paths), console=console, disable=not console.is_terminal
            )
        )
    _refuse_vanished(path for path, result in zip(paths, decoded, strict=True) if result.reason)
    names = [path.relative_to(folder).as_posix() for path in paths]
    skipped = tuple(
        f"{name}: {result.reason}"
        for name, result in zip(names, decoded, strict=True)
        if result.samples is None
    )
    for sentence in skipped:
        console.print(
            f"skipped {one_printable_line(sentence)}", markup=False, highlight=False, soft_wrap=True
        )
    kept = [
        (name, result.samples)
        for name, result in zip(names, decoded, strict=True)
        if result.samples is not None
    ]
    if not kept:
        raise ValueError(
            f"{folder}: none of its {len(paths)} audio files can be used "
            f"({one_printable_line(skipped[0])}); "
            "check the files"
        )
    if skipped:
        console.print(f"skipped {len(skipped)} of {len(paths)} files", highlight=False)
    return _join(folder, kept, skipped, sample_rate)


def fingerprint_of(names: Sequence[str], lengths: Tensor) -> str:
    """Sha256 (hex) over clips' names and lengths, samples."""
    lines = (f"{name}\t{length}" for name, length in zip(names, lengths.tolist(), strict=True))
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def to_float(samples: Tensor) -> Tensor:
    """int16 samples of any shape as float32 amplitudes in [-1, 1)."""
    return samples.to(torch.float32).div_(FULL_SCALE)


def _decode(path: Path, sample_rate: int) -> _Decoded:
    try:
        samples = read_mono(path, sample_rate)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        return _Decoded(None, one_printable_line(error) or type(error).__name__)
    if samples.size == 0:
        return _Decoded(None, "holds no samples")
    return _Decoded(samples, "")


def _refuse_vanished(unreadable: Iterable[Path]) -> None:
    """Stop where files were taken away: training on what is left would be another training."""
    for path in unreadable:
        if not path.exists():
            gone = path if path.parent.is_dir() else path.parent
            raise FileNotFoundError(
                f"{gone} is gone, and was being read: put it back, and give the same command again"
            )


def _join(
    folder: Path,
    kept: Sequence[tuple[str, NDArray[np.int16]]],
    skipped: tuple[str, ...],
    sample_rate: int,
) -> Corpus:
    names = tuple(name for name, _ in kept)
    offsets = np.cumsum([0, *(len(samples) for _, samples in kept)], dtype=np.int64)
    return Corpus(
        samples=torch.from_numpy(np.concatenate([samples for _, samples in kept])),
        offsets=torch.from_numpy(offsets),
        names=names,
        sources=sources_of(folder, names),
        skipped=skipped,
        sample_rate=sample_rate,
    )
