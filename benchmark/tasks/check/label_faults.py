"""A split's label file: what can be read of it, and every entry that is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.events.table import Event
from benchmark.tasks.check.description import Description
from benchmark.tasks.check.finding import Finding, inside
from benchmark.tasks.labels import (
    check_entry,
    check_one_label,
    known_label,
    label_text,
    read_entries,
    timed_event,
)


@dataclass
class SplitLabels:
    """A split's labels, without the entries that cannot be used.

    Attributes:
        split: Its name.
        clips: File names of all clips that could have audio, in the file's order.
        labels: Known labels of each of them; an event task's are those of its events.
        events: Events with usable times, event tasks; their labels may be unknown.
        findings: What is wrong.
    """

    split: str
    clips: list[str] = field(default_factory=list)
    labels: dict[str, list[str]] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_labels(description: Description, split: str) -> SplitLabels:
    """Read a split's label file; never fails for what is in it."""
    task = description.task
    read = SplitLabels(split)
    try:
        path, entries = read_entries(task.folder, split, last_counts=True)
    except (OSError, ValueError) as error:
        read.findings.append(Finding("label-file", inside(task.folder, error), split))
        return read
    read.findings += _repeated_clips(path, split)
    entry = _EntryReader(description, path, read)
    for file, content in entries.items():
        entry.read(file, content)
    return read


@dataclass(frozen=True)
class _EntryReader:
    description: Description
    path: Path
    into: SplitLabels

    def read(self, file: str, content: object) -> None:
        """Read one clip's entry into the split's labels and findings."""
        try:
            check_entry(content, self.path, file)
        except ValueError as error:
            self._found("label-entry", error, file)
            if Path(file).name == file:  # its audio can be looked at
                self.into.clips.append(file)
                self.into.labels[file] = []
            return
        assert isinstance(content, list)
        self.into.clips.append(file)
        if self.description.task.embedding_type == "event":
            self._events(file, content)
        else:
            self._labels(file, content)

    def _labels(self, file: str, names: list[Any]) -> None:
        if self.description.asks_one_label:
            try:
                check_one_label(names, self.path, file)
            except ValueError as error:
                self._found("label-entry", error, file)
        self.into.labels[file] = self._known(file, names)

    def _events(self, file: str, entries: list[Any]) -> None:
        events = []
        for entry in entries:
            try:
                events.append(timed_event(entry, self.path, file))
            except ValueError as error:
                self._found("event-entry", error, file)
        self.into.events[file] = events
        self.into.labels[file] = self._known(file, [event.label for event in events])

    def _known(self, file: str, names: list[Any]) -> list[str]:
        """Those labels that the vocabulary has; nothing is said where it cannot be read."""
        vocabulary = frozenset(self.description.task.vocabulary)
        known = []
        for name, count in Counter(self._texts(file, names)).items():
            try:
                if vocabulary:
                    known += [known_label(name, vocabulary, self.path, file)] * count
            except ValueError as error:
                self._found("unknown-label", error, file)
        return known

    def _texts(self, file: str, names: list[Any]) -> Iterator[str]:
        """Those that are labels at all."""
        for name in names:
            try:
                yield label_text(name, self.path, file)
            except ValueError as error:
                self._found("label-entry", error, file)

    def _found(self, kind: str, error: ValueError, file: str) -> None:
        message = inside(self.description.task.folder, error)
        self.into.findings.append(Finding(kind, message, self.into.split, file))


def _repeated_clips(path: Path, split: str) -> list[Finding]:
    """Clips that the file lists twice: JSON readers keep the last one silently."""
    pairs: list[tuple[str, Any]] = []

    def last_object(content: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal pairs
        pairs = content  # the outermost object is the last to be complete
        return dict(content)

    json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=last_object)
    return [
        Finding(
            "repeated-key",
            f"{path.name}: clip {file!r} is listed {count} times; other readers take the last.",
            split,
            file,
        )
        for file, count in Counter(file for file, _ in pairs).items()
        if count > 1
    ]
