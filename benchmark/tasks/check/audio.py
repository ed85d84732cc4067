"""Check all audio of a task on all cores: missing files, and faults of headers and samples.

Each clip is read once, block by block.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmark.tasks.audio import (
    header_faults,
    length_fault,
    rates_present,
    readable,
)
from benchmark.tasks.check.finding import Finding, inside
from benchmark.tasks.check.label_faults import SplitLabels
from benchmark.tasks.task import Task
from msssl_common.audio_files import (
    CLIPPED_SHARE,
    QUIET,
    file_faults,
    not_finite,
    sum_fault,
    too_loud,
)
from msssl_common.decoder_notes import decoder_notes
from msssl_common.workers import map_ahead, usable_cores

BLOCK: Final = 2**18  # samples, 1 MiB

FULL_SCALE: Final = 32766.5 / 32768  # what 16-bit PCM stores as its largest value, or more
CLIPPED_RUN: Final = 3  # samples at full scale in a row: a peak that just reaches it has one or two
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
        with readable(path), decoder_notes(path), soundfile.SoundFile(path) as file:
            report = _check_file(file, path, rate, seconds, cut)
            if not any(kind == "truncated-audio" for kind, _ in report.faults):
                damage = sum_fault(path)
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
    fit = file.channels == 1 and sound.peak >= QUIET
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
            faults.append(("not-finite", f"{path} {not_finite(self.not_finite, first)}."))
        elif loud := too_loud(self.peak):
            faults.append(("out-of-range", f"{path} {loud}."))
        elif self.peak < QUIET:
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


HEAR_RATES: Final = (16000, 22050, 32000, 44100, 48000)  # Hz, what a HEAR module may ask for
WAITING: Final = 32  # files per core that wait to be read


class ClipKey(NamedTuple):
    """A clip's audio at one rate."""

    rate: int
    split: str
    clip: str


@dataclass
class TaskAudio:
    """What all of a task's audio told.

    Attributes:
        findings: What is wrong with it.
        seconds: Length of each readable clip by split and file name, at the lowest rate it has.
        digests: Hash of the samples of each clip that can be compared.
    """

    findings: list[Finding] = field(default_factory=list)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    digests: dict[ClipKey, bytes] = field(default_factory=dict)


def check_audio(
    task: Task, labels: Mapping[str, SplitLabels], progress: Callable[[int, int], None]
) -> TaskAudio:
    """Read every clip at every rate, one block of a few files at a time.

    Args:
        task: The task.
        labels: What the label files list, by split.
        progress: Called with (files read, files to read).
    """
    rates = rates_present(task.folder)
    audio = TaskAudio(_rate_findings(task, rates))
    folders = [(rate, split) for rate in rates for split in task.splits]
    total = len(rates) * sum(len(labels[split].clips) for split in task.splits)
    keys = _listed(task, labels, folders, audio.findings)
    for done, (key, report) in enumerate(_read(task, keys), 1):
        audio.findings += [
            Finding(kind, inside(task.folder, message), key.split, key.clip)
            for kind, message in report.faults
        ]
        if report.seconds is not None:
            audio.seconds.setdefault(key.split, {}).setdefault(key.clip, report.seconds)
        if report.digest is not None:
            audio.digests[key] = report.digest
        progress(done, total)
    return audio


def _rate_findings(task: Task, rates: list[int]) -> list[Finding]:
    if not rates:
        message = f"{task.full_name} has no audio: it should have a folder 16000/ or 48000/."
        return [Finding("no-audio", message)]
    wanted = ", ".join(map(str, HEAR_RATES))
    return [
        Finding("unusual-rate", f"{rate}/ is of no rate that HEAR knows ({wanted} Hz).")
        for rate in rates
        if rate not in HEAR_RATES
    ]


def _listed(
    task: Task,
    labels: Mapping[str, SplitLabels],
    folders: Iterable[tuple[int, str]],
    findings: list[Finding],
) -> Iterator[ClipKey]:
    """Clips that the label files list, folder by folder; what is not listed is found on the way."""
    for rate, split in folders:
        folder = task.folder / str(rate) / split
        listed = labels[split].clips
        if not folder.is_dir():
            if listed:
                message = f"{rate}/{split} is missing: it should hold {len(listed)} clips."
                findings.append(Finding("no-audio", message, split))
            continue
        if listed:  # else the label file is at fault, not each clip
            findings += [
                Finding(
                    "unlisted-audio",
                    f"{rate}/{split}/{file} is not in {split}.json: it is not used.",
                    split,
                    file,
                )
                for file in sorted({p.name for p in folder.iterdir()} - set(listed))
                if not file.startswith(".")
            ]
        yield from (ClipKey(rate, split, clip) for clip in listed)


def _read(task: Task, keys: Iterable[ClipKey]) -> Iterator[tuple[ClipKey, ClipReport]]:
    """Read clips on all cores, in order. Decoding and sums run outside of Python's lock."""

    def report(key: ClipKey) -> ClipReport:
        path = task.folder / str(key.rate) / key.split / key.clip
        return check_clip(path, key.rate, task.sample_duration)

    cores = usable_cores()
    return map_ahead(report, keys, cores, WAITING * cores)
