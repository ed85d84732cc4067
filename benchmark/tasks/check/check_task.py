"""Check a task folder: metadata, vocabulary, labels, audio, splits, classes, and chance levels.

Equal audio is found by a hash of the decoded samples. Events are checked for times in seconds,
outside their clip, or without length.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.events.postprocessing import DEFAULT_GRID, short_events
from benchmark.events.table import Event
from benchmark.tasks.check.audio import ClipKey, check_audio
from benchmark.tasks.check.classes import (
    ClassCounts,
    chance_levels,
    class_counts,
    class_findings,
)
from benchmark.tasks.check.description import read_description
from benchmark.tasks.check.finding import KINDS, SEVERITIES, Finding, Severity
from benchmark.tasks.check.label_faults import SplitLabels, read_labels
from benchmark.tasks.event_places import all_in_seconds
from benchmark.tasks.metadata import METADATA_FILE
from benchmark.tasks.task import Task

Place = tuple[str, str]  # split and clip


def duplicate_findings(
    digests: Mapping[ClipKey, bytes], labels: Mapping[str, SplitLabels]
) -> list[Finding]:
    """Find clips whose samples are equal, one finding per set of equal clips.

    A set that reaches into several splits is an error: what is tested was trained on. Sets that are
    the same at several rates are reported once.

    Args:
        digests: Hash of each clip's samples; the same file name in another split is another clip.
        labels: Labels by split, to see equal audio with other labels.
    """
    by_digest: defaultdict[tuple[int, bytes], list[Place]] = defaultdict(list)
    for key, digest in digests.items():
        by_digest[key.rate, digest].append((key.split, key.clip))
    # As keys of a dictionary, sets keep their order and come once.
    sets = dict.fromkeys(tuple(places) for places in by_digest.values() if len(places) > 1)
    return [_finding(places, labels) for places in sets]


def _finding(places: tuple[Place, ...], labels: Mapping[str, SplitLabels]) -> Finding:
    files = [f"{split}/{clip}" for split, clip in places]
    own = [sorted(labels[split].labels.get(clip, [])) for split, clip in places]
    same_labels = all(each == own[0] for each in own)
    said = "" if same_labels else f", under other labels ({_several(map(', '.join, own))})"
    split, clip = places[-1]
    message = f"{files[-1]} has the same audio as {_several(files[:-1])}{said}."
    if len({split for split, _ in places}) > 1:
        return Finding("shared-audio", message, split, clip)
    return Finding("repeated-audio" if same_labels else "contradiction", message, split, clip)


def _several(names: Iterable[str]) -> str:
    """Up to three names."""
    shown = list(names)
    rest = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + rest


# HEAR's own labels end up to a frame behind the clip where times were rounded.
TOLERANCE_MS = 1.0


def event_findings(
    split: str, events: Mapping[str, list[Event]], durations: Mapping[str, float]
) -> list[Finding]:
    """Look at a split's events beside the lengths of its clips.

    Args:
        split: The split's name.
        events: Events of each clip, ms.
        durations: Length of each clip of which it is known, in seconds.
    """
    if (last := all_in_seconds(events, durations)) is not None:
        message = (
            f"{split}.json: every event of the split ends within its clip's length in seconds (the "
            f"last at {last:g}), so the times are seconds: HEAR's are milliseconds, multiply them "
            "by 1000."
        )
        return [Finding("event-in-seconds", message, split)]
    return [
        finding
        for clip, own in events.items()
        for event in own
        if (finding := _misplaced(split, clip, event, durations.get(clip)))
    ] + [finding for clip, own in events.items() for finding in _overlapping(split, clip, own)]


def _overlapping(split: str, clip: str, events: list[Event]) -> Iterable[Finding]:
    """Events of one label that sound at once: a detector's answer has one event there."""
    last: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.onset_ms):
        before = last.get(event.label)
        if before and event.onset_ms < before.offset_ms:
            yield Finding(
                "overlapping-events",
                f"{split}.json: events {event.label!r} of clip {clip!r} overlap, from "
                f"{before.onset_ms:g} to {before.offset_ms:g} ms and from {event.onset_ms:g} to "
                f"{event.offset_ms:g} ms: heads give one event there.",
                split,
                clip,
            )
        if before is None or event.offset_ms > before.offset_ms:
            last[event.label] = event


def _misplaced(split: str, clip: str, event: Event, seconds: float | None) -> Finding | None:
    name = f"{split}.json: event {event.label!r} of clip {clip!r}"
    span = f"{event.onset_ms:g} to {event.offset_ms:g} ms"
    length = None if seconds is None else 1000.0 * seconds
    after = length is not None and event.onset_ms >= length
    if event.offset_ms < 0 or after:
        where = "before the clip" if not after else f"behind the clip's end at {length:.0f} ms"
        return Finding("event-outside", f"{name} lies {where}: {span}.", split, clip)
    if event.onset_ms < 0:
        message = f"{name} starts before the clip does: {span}."
        return Finding("event-partly-outside", message, split, clip)
    if length is not None and event.offset_ms > length + TOLERANCE_MS:
        message = f"{name} ends behind the clip's end at {length:.0f} ms: {span}."
        return Finding("event-partly-outside", message, split, clip)
    if event.onset_ms == event.offset_ms:
        message = f"{name} has no length: it starts and ends at {event.onset_ms:g} ms."
        return Finding("zero-length-event", message, split, clip)
    return None


def _short_event_findings(task: Task, labels: Iterable[SplitLabels]) -> list[Finding]:
    if task.embedding_type != "event":
        return []
    events = [e for read in labels for own in read.events.values() for e in own]
    try:
        short = short_events(events, task.postprocessing_grid or DEFAULT_GRID)
    except (ValueError, TypeError):  # a grid that is wrong is a finding of the metadata
        return []
    where = f"Set evaluation_params.event_postprocessing_grid in {METADATA_FILE}."
    return [Finding("short-event", f"{short} {where}")] if short else []


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
    in_seconds = {f.split for f in findings if f.kind == "event-in-seconds"}
    rest = [read for split, read in labels.items() if split not in in_seconds]
    findings += _short_event_findings(task, rest)
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
