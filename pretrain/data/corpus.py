"""A folder of audio, decoded once to mono, in one int16 tensor."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import Tensor

from msssl_common.audio_files import SixteenBits
from msssl_common.console import make_console
from msssl_common.messages import one_printable_line
from pretrain.data.audio import FULL_SCALE, SAMPLE_RATE, find_audio, read_mono, say, sources_of


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
    """What became of one file: its samples, or why there are none; what 16 bits lost of it."""

    samples: NDArray[np.int16] | None
    reason: str
    lost: str | None = None


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
    console = make_console(stderr=True)
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
        say(f"skipped {sentence}")
    for name, result in zip(names, decoded, strict=True):
        if result.lost:
            say(f"{name} {result.lost}")
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
    bits = SixteenBits()
    try:
        samples = read_mono(path, sample_rate, bits=bits)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        return _Decoded(None, one_printable_line(error) or type(error).__name__)
    if samples.size == 0:
        return _Decoded(None, "holds no samples")
    return _Decoded(samples, "", bits.lost)


def _refuse_vanished(unreadable: Iterable[Path]) -> None:
    """Stop if files disappeared: the remaining clips would make another training."""
    for path in unreadable:
        if not path.exists() and not path.is_symlink():
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
