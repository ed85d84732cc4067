"""One clip's audio, read block by block: every fault of its header and of its samples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmark.tasks.audio import header_faults, length_fault, not_finite_fault, readable
from msssl_common.audio_files import file_faults, flac_fault, too_loud

BLOCK: Final = 2**18  # samples, 1 MiB

FULL_SCALE: Final = 32766.5 / 32768  # what 16-bit PCM stores as its largest value, or more
CLIPPED_RUN: Final = 3  # samples at full scale in a row: a peak that just reaches it has one or two
CLIPPED_SHARE: Final = 1e-3  # of all samples
SILENT_PEAK: Final = 1e-4  # -80 dBFS, 3 steps of 16 bit
DC_OFFSET: Final = 0.01  # of full scale
DC_SHARE: Final = 0.3  # of the RMS; rumble leaves a tenth of it in a clip of a second


@dataclass(frozen=True)
class ClipReport:
    """What reading a clip told.

    Attributes:
        faults: (kind of finding, sentence) of each fault.
        seconds: Its length; None where it cannot be read.
        digest: Hash of the decoded samples; None where they are not fit to be compared, silent
            ones included.
    """

    faults: list[tuple[str, str]]
    seconds: float | None = None
    digest: bytes | None = None


def check_clip(path: Path, rate: int, seconds: float | None) -> ClipReport:
    """Read a clip and find all that is wrong with it.

    Args:
        path: The file.
        rate: The rate of the folder it lies in, Hz.
        seconds: The length that every clip of the task should have, or None.
    """
    cut: str | None = None
    try:
        if not path.exists():
            return ClipReport([("missing-audio", f"{path} is missing.")])
        for kind, fault in file_faults(path):
            if kind != "truncated-audio":
                return ClipReport([(kind, f"{path} {fault}.")])
            cut = fault
        with readable(path), soundfile.SoundFile(path) as file:
            report = _check_file(file, path, rate, seconds, cut)
            if not any(kind == "truncated-audio" for kind, _ in report.faults):
                damage = flac_fault(path)
                report.faults.extend([("unreadable-audio", f"{path} {damage}.")] if damage else [])
            return report
    except (ValueError, OSError) as error:
        return ClipReport([_cut_fault(path, cut) if cut else ("unreadable-audio", str(error))])


def _check_file(
    file: soundfile.SoundFile, path: Path, rate: int, seconds: float | None, cut: str | None
) -> ClipReport:
    faults = list(header_faults(path, file.channels, file.frames, file.samplerate, rate))
    sound = _Sound()
    if file.channels == 1:
        try:
            for block in file.blocks(BLOCK, dtype="float32"):
                sound.add(block)
        except (soundfile.LibsndfileError, RuntimeError):
            read, promised = sound.samples / file.samplerate, file.frames / file.samplerate
            after = f"after {read:.3f} s of the {promised:.3f} s it promises, or sooner"
            cut = f"was cut: it breaks off {after}"
        faults += sound.faults(path, file.samplerate)
    if cut:
        # What is left is short and may be empty: that says the same once more.
        kept = [fault for fault in faults if fault[0] != "unreadable-audio"]
        return ClipReport([*kept, _cut_fault(path, cut)])
    if seconds is not None and file.samplerate == rate and file.frames:
        wrong = length_fault(path, file.frames, rate, seconds)
        faults += [("wrong-duration", wrong)] if wrong else []
    fit = file.channels == 1 and sound.peak >= SILENT_PEAK
    return ClipReport(faults, file.frames / file.samplerate, sound.digest.digest() if fit else None)


def _cut_fault(path: Path, cut: str) -> tuple[str, str]:
    return "truncated-audio", f"{path} {cut}."


class _Sound:
    """Sums over a clip's samples, block by block."""

    def __init__(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)
        self.samples = self.clipped = self.not_finite = self.first_not_finite = 0
        self.peak = self._sum = self._squares = 0.0

    def add(self, block: NDArray[np.float32]) -> None:
        """Add mono samples, shape (samples,)."""
        self.digest.update(block.data)
        finite = np.isfinite(block)
        if not finite.all():
            if not self.not_finite:
                self.first_not_finite = self.samples + int(np.argmin(finite))
            self.not_finite += int(np.count_nonzero(~finite))
            block = np.where(finite, block, np.float32(0))
        self.samples += len(block)
        if not len(block):
            return
        highest, lowest = float(block.max()), float(block.min())
        self.peak = max(self.peak, highest, -lowest)
        if highest >= FULL_SCALE:
            self.clipped += _in_runs(block >= FULL_SCALE)
        if lowest <= -FULL_SCALE:
            self.clipped += _in_runs(block <= -FULL_SCALE)
        self._sum += float(block.sum(dtype=np.float64))
        self._squares += float(np.square(block, dtype=np.float64).sum())

    def faults(self, path: Path, rate: int) -> list[tuple[str, str]]:
        """What is wrong with the samples so far."""
        if not self.samples:
            return []
        faults = []
        if self.not_finite:
            first = self.first_not_finite / rate
            faults.append(("not-finite", not_finite_fault(path, self.not_finite, first)))
        elif loud := too_loud(self.peak):
            faults.append(("out-of-range", f"{path} {loud}."))
        elif self.peak < SILENT_PEAK:
            level = f"its peak is {20 * np.log10(self.peak):.0f} dBFS" if self.peak else "all zeros"
            faults.append(("silent", f"{path} is silent: {level}."))
        share = self.clipped / self.samples
        if share >= CLIPPED_SHARE and not too_loud(self.peak):
            message = f"{path} is clipped: {share:.1%} of its samples lie in runs at full scale."
            faults.append(("clipped", message))
        mean, rms = self._sum / self.samples, np.sqrt(self._squares / self.samples)
        if abs(mean) > max(DC_OFFSET, DC_SHARE * rms):
            message = f"{path} has a DC offset: its mean is {mean:+.3f} of full scale."
            faults.append(("dc-offset", message))
        return faults


def _in_runs(full: NDArray[np.bool_]) -> int:
    """How many samples lie in runs of at least ``CLIPPED_RUN``."""
    edges = np.flatnonzero(np.diff(full, prepend=False, append=False))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= CLIPPED_RUN].sum())
