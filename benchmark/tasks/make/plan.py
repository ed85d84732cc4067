"""What a task folder will hold: a task's metadata and where each clip comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.events.table import Event

Label = str | int


@dataclass(frozen=True, kw_only=True)
class RawClip:
    """One clip of a task to be made.

    Attributes:
        source: The raw audio file.
        stem: File name of the clip without ``.wav``; unique in the task (hear-preprocess'
            ``unique_filestem``).
        split: Name of the split; empty where it is still to be drawn.
        labels: Labels of a scene clip.
        events: Events of an event clip, times in ms.
        segment: First sample and number of samples of the source; None for the whole file.
        group: What must not straddle two splits, e.g. a speaker; None for the clip itself.
        listed: Where the source is listed, and what there is instead, for a source that is missing.
    """

    source: Path
    stem: str
    split: str = ""
    labels: tuple[Label, ...] = ()
    events: tuple[Event, ...] = ()
    segment: tuple[int, int] | None = None
    group: str | None = None
    listed: str = ""

    @property
    def file(self) -> str:
        """Name of the clip in the task."""
        return f"{self.stem}.wav"

    @property
    def all_labels(self) -> tuple[Label, ...]:
        """The clip's labels, or those of its events."""
        return self.labels or tuple(event.label for event in self.events)


@dataclass(frozen=True, kw_only=True)
class TaskPlan:
    """A task to be made.

    Attributes:
        metadata: Content of ``task_metadata.json``.
        clips: The clips, all with a split.
        every_label_everywhere: Whether a split without some label is an error, as it is to
            hear-preprocess (``_diagnose_split_labels``), or only worth a note.
        expected_clips: Clips per split of the published task, if there is one.
        notes: What the user should know.
        vocabulary: Labels that the vocabulary has even if no clip has them.
    """

    metadata: Mapping[str, Any]
    clips: tuple[RawClip, ...]
    every_label_everywhere: bool = False
    expected_clips: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()
    vocabulary: tuple[Label, ...] = ()

    @property
    def folder_name(self) -> str:
        """Name of the task folder, as hear-preprocess' ``versioned_task_name``."""
        return "{task_name}-{version}-{mode}".format(**self.metadata)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits, in order."""
        return tuple(self.metadata["splits"])

    @property
    def seconds(self) -> float | None:
        """Length of every clip, or None where clips keep theirs."""
        duration = self.metadata["sample_duration"]
        return None if duration is None else float(duration)

    def clips_per_split(self) -> dict[str, int]:
        """Number of clips of each split, zeros included."""
        counts = Counter(clip.split for clip in self.clips)
        return {split: counts[split] for split in self.splits}


def sorted_labels(labels: set[Label]) -> list[Label]:
    """Order labels as the vocabulary has them: numbers by value, text by code point.

    hear-preprocess, ``MetadataVocabulary``. There, labels of both kinds cannot come together.
    """
    return sorted(labels, key=lambda label: (isinstance(label, str), label))


def numbers_where_all_are(labels: set[str]) -> dict[str, Label]:
    """Read labels as whole numbers if every one is the plain form of one.

    hear-preprocess reads its label column with pandas, which does the same: so labels "2" and "10"
    come in this order in the vocabulary.
    """
    numbers: dict[str, Label] = {}
    for label in labels:
        if not label.removeprefix("-").isdecimal() or str(int(label)) != label:
            return {label: label for label in labels}
        numbers[label] = int(label)
    return numbers
