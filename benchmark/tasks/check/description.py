"""What a task's metadata and vocabulary say, read as far as they can be, and all their faults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.tasks.check.finding import Finding, inside
from benchmark.tasks.metadata import (
    METADATA_FILE,
    VOCABULARY_FILE,
    Metadata,
    parse_vocabulary,
    read_json_object,
)
from benchmark.tasks.task import METADATA_FIELDS, Task, seen_name

TRAIN_VALID_TEST = ("train", "valid", "test")


@dataclass(frozen=True)
class Description:
    """A task as far as it can be read.

    Attributes:
        task: The task; what could not be read is guessed from the folder, so that labels and audio
            can be looked at all the same.
        asks_one_label: Whether the metadata say that it is multiclass.
        findings: What is wrong with metadata and vocabulary.
    """

    task: Task
    asks_one_label: bool
    findings: list[Finding]


def read_description(folder: Path) -> Description:
    """Read a task's metadata and vocabulary; never fails for what is in the folder."""
    faults: list[Finding] = []
    fields = _fields(folder, faults)
    labels = _vocabulary(folder, faults)
    splits = fields.setdefault("splits", _splits_present(folder))
    kfold = set(splits) != set(TRAIN_VALID_TEST)
    fields.setdefault("split_mode", "new_split_kfold" if kfold else "trainvaltest")
    if "embedding_type" not in fields:
        fields["embedding_type"] = "event" if _has_events(folder, splits) else "scene"
    asks_one_label = fields.get("prediction_type") == "multiclass"
    guesses: dict[str, Any] = {
        "name": folder.name,
        "prediction_type": "multilabel",
        "sample_duration": None,
        "evaluation": (),
        "param_grid": {},
    }
    task = Task(
        folder=folder,
        full_name=seen_name(folder),
        vocabulary=labels,
        **(guesses | fields),
    )
    faults += _unlisted_splits(task) + _chroma_gaps(task)
    return Description(task, asks_one_label, faults)


def _fields(folder: Path, faults: list[Finding]) -> dict[str, Any]:
    """The fields of a `Task` that can be read from its metadata."""
    try:
        values = Metadata(folder)
    except (OSError, ValueError) as error:
        faults.append(Finding("metadata", inside(folder, error)))
        return {}
    fields: dict[str, Any] = {}
    said: set[str] = set()
    for field, read in METADATA_FIELDS.items():
        try:
            fields[field] = read(values)
        except ValueError as error:
            said.add(str(error))  # one key may spoil two fields
    faults += [Finding("metadata", inside(folder, message)) for message in sorted(said)]
    return fields


def _vocabulary(folder: Path, faults: list[Finding]) -> tuple[str, ...]:
    try:
        labels, wrong = parse_vocabulary(folder)
    except (OSError, ValueError) as error:
        labels, wrong = {}, [str(error)]
    faults += [Finding("vocabulary", inside(folder, message)) for message in wrong]
    return tuple(labels[index] for index in sorted(labels))


def _label_files(folder: Path) -> list[str]:
    """Names of the splits that have a label file."""
    return sorted(p.stem for p in folder.glob("*.json") if p.name != METADATA_FILE)


def _splits_present(folder: Path) -> tuple[str, ...]:
    present = _label_files(folder)
    if set(present) == set(TRAIN_VALID_TEST):
        return TRAIN_VALID_TEST
    return tuple(present)


def _has_events(folder: Path, splits: tuple[str, ...]) -> bool:
    """Whether the first clip with labels has events."""
    for split in splits:
        try:
            entries = read_json_object(folder / f"{split}.json", "labels")
        except (OSError, ValueError):
            continue
        for content in entries.values():
            if isinstance(content, list) and content:
                return isinstance(content[0], dict)
    return False


def _unlisted_splits(task: Task) -> list[Finding]:
    return [
        Finding(
            "unlisted-split",
            f"{split}.json is there, but key 'splits' of {METADATA_FILE} does not name it: "
            "it is not used.",
            split,
        )
        for split in _label_files(task.folder)
        if split not in task.splits
    ]


def _chroma_gaps(task: Task) -> list[Finding]:
    """Upstream counts octaves in indices (`benchmark.scores.accuracy.chroma_acc`)."""
    if "chroma_acc" not in task.evaluation or not task.vocabulary:
        return []
    if not all(label.removeprefix("-").isdecimal() for label in task.vocabulary):
        reason = "whose labels are no MIDI numbers"
    else:
        notes = [int(label) for label in task.vocabulary]
        if notes == list(range(notes[0], notes[0] + len(notes))):
            return []
        reason = "whose notes do not rise by one semitone each"
    message = (
        f"{VOCABULARY_FILE}: chroma_acc takes every twelfth index for an octave, which is "
        f"wrong in this vocabulary, {reason}; msbench run --strict counts in MIDI numbers."
    )
    return [Finding("chroma-gap", message)]
