"""One clip: decoded, judged and encoded; runs in the worker processes."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from msssl_common.audio_files import SixteenBits
from msssl_common.decoder_notes import decoder_notes
from pretrain.data.audio import SAMPLE_RATE, read_mono
from pretrain.data.pack.codec import Codec, encode
from pretrain.data.pack.loudness import integrated_loudness
from pretrain.data.pack.wanted import WantedClip

Why = Literal["missing", "unreadable", "near-silent", "duplicate"]
WHYS: tuple[Why, ...] = ("missing", "unreadable", "near-silent", "duplicate")
# Seconds; a file longer than its clip by no more than this is the clip, not a recording.
CUT_ALREADY = 1.0


@dataclass(frozen=True)
class PackArgs:
    """How clips are packed.

    Attributes:
        codec: ``flac`` or ``opus``.
        clips_per_shard: Clips in a shard; the last one has fewer.
        silence_lufs: Clips below this loudness are dropped.
    """

    codec: Codec = "flac"
    clips_per_shard: int = 512
    silence_lufs: float = -60.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.clips_per_shard < 1:
            raise ValueError(f"clips per shard: {self.clips_per_shard} is not 1 or more")


class Packed(NamedTuple):
    """A clip to be kept, unless another has its hash.

    Attributes:
        data: The encoded file.
        samples: Its length, 16 kHz.
        loudness: LUFS.
        sha256: Of the decoded samples, int16 little endian, 16 kHz, before encoding; hex.
        damage: What its decoder passed over, as the end of a sentence, or None.
    """

    data: bytes
    samples: int
    loudness: float
    sha256: str
    damage: str | None = None


class Dropped(NamedTuple):
    """A clip that is left out: why, and what there is to know beside it."""

    why: Why
    detail: str


class Result(NamedTuple):
    """What became of a clip, and the processor time that it took, seconds."""

    clip: Packed | Dropped
    cpu_seconds: float


def prepare(clip: WantedClip, folder: Path, args: PackArgs) -> Result:
    """Decode a clip to 16 kHz mono, measure it and encode it; bad audio never raises.

    Raises:
        FileNotFoundError: The folder is gone.
    """
    started = time.process_time()
    return Result(_prepare(clip, folder, args), time.process_time() - started)


def _prepare(clip: WantedClip, folder: Path, args: PackArgs) -> Packed | Dropped:
    if clip.path is None:
        return Dropped("missing", "no file of this name")
    bits = SixteenBits()
    try:
        samples = _read(folder / clip.path, clip, bits)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        if not folder.is_dir() or not any(folder.iterdir()):  # a disk that was taken away
            raise FileNotFoundError(
                f"{folder} is gone: put it back, and run the same command again to resume"
            ) from None
        if not (folder / clip.path).exists():
            return Dropped("missing", f"{clip.path}: gone since the list was made")
        return Dropped("unreadable", f"{clip.path}: {' '.join(str(error).split())}")
    if samples.size == 0:
        return Dropped("unreadable", f"{clip.path}: holds no samples")
    loudness = round(integrated_loudness(samples, SAMPLE_RATE), 2)
    if loudness < args.silence_lufs:
        return Dropped("near-silent", f"{loudness:.1f} LUFS")
    return Packed(
        encode(samples, SAMPLE_RATE, args.codec),
        len(samples),
        loudness,
        hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest(),
        bits.damage,
    )


def _read(path: Path, clip: WantedClip, bits: SixteenBits) -> NDArray[np.int16]:
    """The clip's part of its file: all of it where the file is the clip already."""
    if clip.end is None or not path.is_file():
        return read_mono(path, bits=bits)
    wanted = clip.end - clip.start
    with decoder_notes(path):
        whole = soundfile.info(os.fsencode(path)).duration <= wanted + CUT_ALREADY
    if whole:
        return read_mono(path, bits=bits)
    return read_mono(path, start=clip.start, seconds=wanted, bits=bits)
