"""Checking one task folder: metadata, vocabulary, labels, audio, splits, classes and chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.tasks.check.audio import check_audio
from benchmark.tasks.check.chance import chance_levels
from benchmark.tasks.check.classes import ClassCounts, class_counts, class_findings
from benchmark.tasks.check.description import read_description
from benchmark.tasks.check.duplicates import duplicate_findings
from benchmark.tasks.check.events import event_findings
from benchmark.tasks.check.finding import KINDS, SEVERITIES, Finding, Severity
from benchmark.tasks.check.label_faults import read_labels
from benchmark.tasks.task import Task


@dataclass(frozen=True)
class TaskCheck:
    """All that checking a task told.

    Attributes:
        task: The task, as far as it could be read.
        findings: What is wrong, worst first.
        clips: Number of clips listed in each split.
        hours: Length of the readable audio of each split.
        counts: Clips (event tasks: events) of each label in each split.
        chance: Chance level of each score, None where there is none.
    """

    task: Task
    findings: list[Finding]
    clips: dict[str, int]
    hours: dict[str, float]
    counts: ClassCounts
    chance: dict[str, float | None]

    def number(self, severity: Severity) -> int:
        """Findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def check_task(folder: Path, progress: Callable[[int, int], None]) -> TaskCheck:
    """Find everything that is wrong with a task folder; its audio is read, never held.

    Args:
        folder: The folder.
        progress: Called with (audio files read, files to read).

    Raises:
        OSError: The folder itself cannot be read.
    """
    description = read_description(folder)
    task = description.task
    labels = {split: read_labels(description, split) for split in task.splits}
    audio = check_audio(task, labels, progress)
    counts = class_counts(task, labels)
    findings = list(description.findings)
    for split, read in labels.items():
        findings += read.findings
        measured = audio.seconds.get(split, {})
        findings += event_findings(split, read.events, _durations(task, read.clips) | measured)
    findings += audio.findings
    findings += duplicate_findings(audio.digests, labels)
    if any(read.clips for read in labels.values()):
        findings += class_findings(task, counts)
    return TaskCheck(
        task=task,
        findings=sorted(findings, key=_order),
        clips={split: len(read.clips) for split, read in labels.items()},
        hours={split: sum(audio.seconds.get(split, {}).values()) / 3600 for split in labels},
        counts=counts,
        chance=chance_levels(task, labels),
    )


def _durations(task: Task, clips: Sequence[str]) -> dict[str, float]:
    """How long clips should be, in seconds; empty where they have any length."""
    return {} if task.sample_duration is None else dict.fromkeys(clips, task.sample_duration)


def _order(finding: Finding) -> tuple[int, int]:
    return SEVERITIES.index(finding.severity), list(KINDS).index(finding.kind)
