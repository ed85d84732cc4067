"""All audio of a task: which files should be there and are, and what is in each, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from benchmark.tasks.audio import rates_present
from benchmark.tasks.check.audio_faults import ClipReport, check_clip
from benchmark.tasks.check.finding import Finding, inside
from benchmark.tasks.check.label_faults import SplitLabels
from benchmark.tasks.task import Task
from msssl_common.workers import in_order, usable_cores

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
                    f"{rate}/{split}/{file} is not in {split}.json: nobody reads it.",
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
    return in_order(report, keys, cores, WAITING * cores)
