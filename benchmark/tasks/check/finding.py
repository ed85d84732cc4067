"""One thing that was found in a task folder, and how bad each kind of thing is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from msssl_common.messages import one_printable_line

Severity = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")

# error: upstream or msbench fails on it, or the scores mislead; warning: scores may suffer;
# note: worth knowing.
KINDS: Final[dict[str, Severity]] = {
    "metadata": "error",  # a key of task_metadata.json, or the file
    "vocabulary": "error",  # a row of labelvocabulary.csv, or the file
    "label-file": "error",  # a split's file is missing, empty or not JSON
    "label-entry": "error",  # a clip's name or list, or not one label in a multiclass task
    "unknown-label": "error",
    "event-entry": "error",  # a key or time is missing or no number, or it ends before it starts
    "event-in-seconds": "error",
    "event-outside": "error",  # wholly
    "no-audio": "error",  # a folder that should hold clips
    "missing-audio": "error",  # a clip
    "unreadable-audio": "error",
    "truncated-audio": "error",
    "stereo": "error",
    "wrong-rate": "error",
    "wrong-duration": "error",
    "not-finite": "error",
    "out-of-range": "error",  # far beyond full scale
    "shared-audio": "error",  # the same in two splits
    "repeated-key": "error",
    "unlisted-split": "warning",
    "unlisted-audio": "warning",
    "silent": "warning",
    "clipped": "warning",
    "dc-offset": "warning",
    "event-partly-outside": "warning",
    "zero-length-event": "warning",
    "overlapping-events": "warning",  # of one label
    "short-event": "warning",  # shorter than the post-processing can put out
    "unused-label": "warning",
    "one-class": "warning",  # of a multiclass task: every model seems perfect
    "untrained-label": "warning",
    "chroma-gap": "warning",
    "contradiction": "warning",  # the same audio under other labels, in one split
    "untested-label": "note",
    "repeated-audio": "note",  # within a split
    "unusual-rate": "note",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes:
        kind: A key of ``KINDS``.
        message: One sentence that names the file, and the clip where there is one.
        split: The split it is in, if in one.
        clip: The file name of the clip, if it is about one.
    """

    kind: str
    message: str
    split: str | None = None
    clip: str | None = None

    def __post_init__(self) -> None:
        """The message on one printable line: names of files and labels are foreign text."""
        object.__setattr__(self, "message", one_printable_line(self.message))

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return KINDS[self.kind]


def inside(folder: Path, message: object) -> str:
    """A reader's sentence with paths as seen from the task's folder."""
    return str(message).replace(f"{folder}/", "")
