"""``mspretrain check-overlap``: is audio of the evaluation tasks in the pretraining audio?

Equal decoded samples are found by a hash. Excerpts, copies at another level and lossy copies are
found by fingerprints that survive cutting, gain, coarse quantisation and lossy coding.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal import resample_poly

from msssl_common.audio_files import SixteenBits
from msssl_common.decoder_notes import tell
from pretrain.data.audio import SAMPLE_RATE, find_audio, read_mono

DECIMATION = 3  # 16 kHz to 5.3 kHz: only what lies below 2.6 kHz is looked at
WINDOW = 720  # samples after decimation: 135 ms
HOP = 64  # likewise: 12 ms, so that excerpts cut anywhere still line up
HOP_SECONDS = HOP * DECIMATION / SAMPLE_RATE
BITS = 32  # a word: as many differences of neighbouring bands
LOWEST, HIGHEST = 300.0, 2600.0  # Hz
SILENCE = 1e-4  # root mean square of a frame: -80 dB of full scale
FLOOR = 1e-2  # of a frame's mean band energy: what lies deeper is changed by coding
BLOCK = 4096  # frames at once, so that an hour-long recording needs no more memory


def fingerprint(samples: NDArray[np.int16]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """One 32-bit word every 12 ms of audio at 16 kHz.

    Bit m tells whether log energy falls from band m to m + 1 by more than it did one frame
    before (Haitsma and Kalker 2002, A highly robust audio fingerprinting system, section 4.2,
    there with energies, not their logarithms). Unrelated audio agrees in half of the bits.

    Args:
        samples: int16, shape (samples,), 16 kHz.

    Returns:
        The words, shape (frames,), empty for audio below 150 ms; and whether there was any sound
        in each frame, same shape.
    """
    signal = resample_poly(samples.astype(np.float32) / 32768, 1, DECIMATION).astype(np.float32)
    if len(signal) < WINDOW + HOP:
        return np.zeros(0, np.uint32), np.zeros(0, np.bool_)
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW)[::HOP]
    blocks = [_log_bands(frames[i : i + BLOCK]) for i in range(0, len(frames), BLOCK)]
    slope = np.diff(np.concatenate([bands for bands, _ in blocks]), axis=1)
    bits = slope[1:] < slope[:-1]
    words = np.packbits(bits, axis=1).view(np.uint32)[:, 0]
    loud = np.concatenate([level for _, level in blocks]) > SILENCE
    return words, loud[1:] & loud[:-1]


def _log_bands(frames: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log energies in 33 bands, shape (frames, 33), and root mean squares, shape (frames,)."""
    edges = np.geomspace(LOWEST, HIGHEST, BITS + 2) * WINDOW * DECIMATION / SAMPLE_RATE
    power = np.abs(rfft(frames * np.hanning(WINDOW).astype(np.float32))) ** 2
    bins = np.rint(edges).astype(np.int64)
    energy = np.add.reduceat(power[:, : bins[-1]], bins[:-1], axis=1) / np.diff(bins)
    floor = np.float32(FLOOR) * energy.mean(axis=1, keepdims=True) + np.float32(1e-12)
    return np.log(energy + floor), np.sqrt(np.mean(frames**2, axis=1))


MATCH_FRAMES = 84  # frames compared around a matching word: 1 s
FEWEST = 20  # frames with sound that a comparison needs: 0.25 s and the first window
MOST_COMMON = 40  # a key that the training audio has more often tells nothing
# Wrong bits allowed. Unrelated audio has 0.5; frames overlap, so that FRAMES_APART of them count as
# one draw, and DEVIATIONS keeps chance out: in 2 million comparisons of speech, music and sound
# effects with tasks of the same kinds, chance came as far as 4.9; two steady synthesised tones that
# have nothing to do with each other came to 6.2 (32 % of a second's bits).
MOST_WRONG = 0.31
DEVIATIONS = 6.5
FRAMES_APART = 8
CHUNK = 20000  # comparisons at once


@dataclass(frozen=True)
class Overlap:
    """The same sound in a training file and in a task's file.

    Attributes:
        training: Path of the training file below its folder.
        task: Path of the task's file below its folder.
        training_seconds: Where in the training file; 0 when all samples are equal.
        task_seconds: Where in the task's file.
        wrong_bits: Share of differing fingerprint bits; 0 when all samples are equal.
        exact: All decoded samples are equal.
    """

    training: str
    task: str
    training_seconds: float
    task_seconds: float
    wrong_bits: float
    exact: bool

    def __str__(self) -> str:
        """One line for a person."""
        if self.exact:
            return f"{self.training} = {self.task}: all samples are equal"
        return (
            f"{self.training} at {self.training_seconds:.2f} s ~ {self.task} at "
            f"{self.task_seconds:.2f} s: {100 * self.wrong_bits:.0f} % of the bits differ"
        )


@dataclass(frozen=True)
class Prints:
    """Hashes and fingerprints of a folder's audio, all files' words end to end.

    Attributes:
        names: Path of each file below the folder.
        hashes: Sha256 of each file's decoded int16 samples; empty for files without sound.
        words: uint32, shape (words,).
        loud: Whether there was sound, shape (words,).
        offsets: int64, shape (files + 1,); file i has ``words[offsets[i]:offsets[i + 1]]``.
        skipped: One sentence for each file that could not be read.
    """

    names: tuple[str, ...]
    hashes: tuple[str, ...]
    words: NDArray[np.uint32]
    loud: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    skipped: tuple[str, ...]


def read_prints(folder: Path) -> Prints:
    """Fingerprint every audio file below a folder; what a decoder passed over is told.

    Raises:
        FileNotFoundError: The folder is absent.
        ValueError: There is no audio in it.
    """
    paths = find_audio(folder)
    names = [path.relative_to(folder).as_posix() for path in paths]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(_print_file, paths))
    skipped = [
        f"{name}: {result}"
        for name, result in zip(names, results, strict=True)
        if isinstance(result, str)
    ]
    kept = [(n, r) for n, r in zip(names, results, strict=True) if not isinstance(r, str)]
    if not kept:
        raise ValueError(f"{folder}: no audio file can be read ({skipped[0]}); check the files")
    return Prints(
        names=tuple(name for name, _ in kept),
        hashes=tuple(digest for _, (digest, _, _) in kept),
        words=np.concatenate([words for _, (_, words, _) in kept]),
        loud=np.concatenate([loud for _, (_, _, loud) in kept]),
        offsets=np.cumsum([0, *(len(words) for _, (_, words, _) in kept)], dtype=np.int64),
        skipped=tuple(skipped),
    )


def find_overlaps(training: Prints, tasks: Prints) -> list[Overlap]:
    """Pairs of files that share sound, each pair once, at its best match; sorted by task file."""
    found: dict[tuple[int, int], Overlap] = {}
    for i, j in _equal_files(training, tasks):
        found[i, j] = Overlap(training.names[i], tasks.names[j], 0.0, 0.0, 0.0, True)
    for overlap, pair in _similar(training, tasks):
        if pair not in found or overlap.wrong_bits < found[pair].wrong_bits:
            found[pair] = overlap
    return sorted(found.values(), key=lambda overlap: (overlap.task, overlap.training))


def _print_file(path: Path) -> tuple[str, NDArray[np.uint32], NDArray[np.bool_]] | str:
    bits = SixteenBits()
    try:
        samples = read_mono(path, bits=bits)
    except (soundfile.SoundFileError, OSError, ValueError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    tell(path, bits.damage)
    digest = hashlib.sha256(samples.tobytes()).hexdigest() if samples.any() else ""
    return digest, *fingerprint(samples)


def _equal_files(training: Prints, tasks: Prints) -> Iterator[tuple[int, int]]:
    places: dict[str, list[int]] = {}
    for i, digest in enumerate(training.hashes):
        if digest:
            places.setdefault(digest, []).append(i)
    for j, digest in enumerate(tasks.hashes):
        for i in places.get(digest, ()):
            yield i, j


def _similar(training: Prints, tasks: Prints) -> Iterator[tuple[Overlap, tuple[int, int]]]:
    """Matches below the threshold, not yet one for each pair of files."""
    for here, there in _candidates(training, tasks):
        for start in range(0, len(here), CHUNK):
            a, b = here[start : start + CHUNK], there[start : start + CHUNK]
            wrong, frames = _compare(training, tasks, a, b)
            draws = np.maximum(frames * BITS / FRAMES_APART, 1)
            limit = np.minimum(MOST_WRONG, 0.5 - DEVIATIONS * 0.5 / np.sqrt(draws))
            for k in np.flatnonzero((wrong < limit) & (frames >= FEWEST)):
                yield _overlap(training, tasks, int(a[k]), int(b[k]), float(wrong[k]))


def _overlap(
    training: Prints, tasks: Prints, a: int, b: int, wrong: float
) -> tuple[Overlap, tuple[int, int]]:
    i = int(np.searchsorted(training.offsets, a, side="right")) - 1
    j = int(np.searchsorted(tasks.offsets, b, side="right")) - 1
    seconds = [(a - training.offsets[i]) * HOP_SECONDS, (b - tasks.offsets[j]) * HOP_SECONDS]
    names = training.names[i], tasks.names[j]
    return Overlap(*names, float(seconds[0]), float(seconds[1]), wrong, False), (i, j)


def _candidates(
    training: Prints, tasks: Prints
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places whose words agree in three bytes of four, whichever the fourth: (training, tasks)."""
    ours, theirs = np.flatnonzero(training.loud), np.flatnonzero(tasks.loud)
    for byte in range(4):
        mask = np.uint32(0xFFFFFFFF ^ (0xFF << (8 * byte)))
        keys, wanted = training.words[ours] & mask, tasks.words[theirs] & mask
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        first = np.searchsorted(keys, wanted, side="left")
        count = np.searchsorted(keys, wanted, side="right") - first
        count[count > MOST_COMMON] = 0
        rows = np.repeat(np.arange(len(wanted)), count)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        yield ours[order[first[rows] + within]], theirs[rows]


def _compare(
    training: Prints, tasks: Prints, a: NDArray[np.int64], b: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Share of wrong bits in the second around each match, and frames that could be compared."""
    bounds = []
    for prints, places in ((training, a), (tasks, b)):
        index = np.searchsorted(prints.offsets, places, side="right")
        bounds.append((prints.offsets[index - 1] - places, prints.offsets[index] - places))
    low = np.maximum(bounds[0][0], bounds[1][0])
    high = np.minimum(bounds[0][1], bounds[1][1])
    # A match near an end still gets its whole second, on the other side.
    start = np.maximum(low, np.minimum(-(MATCH_FRAMES // 2), high - MATCH_FRAMES))
    steps = start[:, None] + np.arange(MATCH_FRAMES)
    inside = steps < high[:, None]
    steps = np.minimum(steps, high[:, None] - 1)
    here, there = a[:, None] + steps, b[:, None] + steps
    inside &= training.loud[here] & tasks.loud[there]
    wrong = np.where(inside, count_ones(training.words[here] ^ tasks.words[there]), 0).sum(axis=1)
    frames = inside.sum(axis=1)
    return wrong / np.maximum(frames * BITS, 1), frames


def count_ones(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Bits set in each word (numpy has a function of its own from version 2 on)."""
    pairs = words - ((words >> np.uint32(1)) & np.uint32(0x55555555))
    fours = (pairs & np.uint32(0x33333333)) + ((pairs >> np.uint32(2)) & np.uint32(0x33333333))
    bytes_ = (fours + (fours >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    ones = (bytes_ * np.uint32(0x01010101)) >> np.uint32(24)
    return np.asarray(ones, np.int64)
