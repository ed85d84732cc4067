"""A task of the user's own data: its metadata, and what its labels must be like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmark.tasks.make.checks import check_names
from benchmark.tasks.make.plan import Label, RawClip, TaskPlan, numbers_where_all_are, sorted_labels
from benchmark.tasks.make.splits import Splitting, with_splits
from benchmark.tasks.task import EVENT_SCORES, ROW_SCORES, EmbeddingType

PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class OwnTask:
    """The choices of the user who makes a task.

    Attributes:
        name: The task's name.
        version: Version of the data.
        embedding_type: "scene" or "event".
        multilabel: Whether a scene clip may have any number of labels.
        scores: Names of the scores, the first of which selects the model; empty for the usual.
        seconds: Length to which clips are padded or trimmed; None leaves it.
    """

    name: str
    version: str = "v1"
    embedding_type: EmbeddingType = "scene"
    multilabel: bool = False
    scores: tuple[str, ...] = ()
    seconds: float | None = None

    def __post_init__(self) -> None:
        for what in (self.name, self.version):
            if not PLAIN.fullmatch(what):
                raise ValueError(f"{what!r} must be letters, digits, dots, dashes and underscores.")
        if self.seconds is not None and self.seconds <= 0:
            raise ValueError(f"A clip must last more than {self.seconds:g} s.")
        for score in self.scores:
            if score not in self._known_scores:
                raise ValueError(
                    f"{score!r} is no score of a task of {self.embedding_type} embeddings; it has "
                    f"{', '.join(self._known_scores)}."
                )

    @property
    def folder_name(self) -> str:
        """Name of the task folder."""
        return f"{self.name}-{self.version}-full"

    @property
    def _known_scores(self) -> tuple[str, ...]:
        return ROW_SCORES + EVENT_SCORES if self.embedding_type == "event" else ROW_SCORES

    @property
    def evaluation(self) -> tuple[str, ...]:
        """The scores, or HEAR's usual ones for this kind of task."""
        if self.scores:
            return self.scores
        if self.embedding_type == "event":
            return ("event_onset_200ms_fms", "segment_1s_er")
        return ("mAP", "d_prime", "aucroc") if self.multilabel else ("top1_acc",)


def plan_own(
    task: OwnTask, clips: Sequence[RawClip], splitting: Splitting, notes: Sequence[str] = ()
) -> TaskPlan:
    """Plan a task from clips that have their labels.

    Args:
        task: What was decided.
        clips: The clips; ``split`` as the data calls it, or empty.
        splitting: How to draw splits that the data does not come with.
        notes: What else the user should know.

    Raises:
        ValueError: There is no clip, two have one name, a multiclass clip has not exactly one
            label, chroma is asked of labels that are not successive notes, or the splits are wrong
            (`with_splits`).
    """
    if not clips:
        raise ValueError(f"{task.name} would have no clip.")
    check_names(clips)
    if task.embedding_type == "scene":
        _check_labels(task, clips)
        clips = _with_numbers(clips)
    if "chroma_acc" in task.evaluation:
        _check_chroma(clips)
    splits = with_splits(clips, splitting)
    metadata = {
        "task_name": task.name,
        "version": task.version,
        "embedding_type": task.embedding_type,
        "prediction_type": (
            "multilabel" if task.multilabel or task.embedding_type == "event" else "multiclass"
        ),
        "sample_duration": task.seconds,
        "evaluation": list(task.evaluation),
        "mode": "full",
        **splits.metadata,
    }
    return TaskPlan(metadata=metadata, clips=splits.clips, notes=(*notes, *splits.notes))


def unique_stems(files: Sequence[Path], root: Path) -> list[str]:
    """Names for clips: the files' own, or with their folders where those come twice.

    Args:
        files: Audio files.
        root: The folder from which on folders go into the names.
    """
    stems = [file.stem for file in files]
    if len({stem.casefold() for stem in stems}) == len(stems):
        return stems
    return ["_".join(_below(file, root).with_suffix("").parts) for file in files]


def _below(file: Path, root: Path) -> Path:
    return (
        file.relative_to(root) if file.is_relative_to(root) else Path(file.parent.name, file.name)
    )


def _check_labels(task: OwnTask, clips: Sequence[RawClip]) -> None:
    wrong = [clip for clip in clips if len(set(clip.labels)) != 1]
    if wrong and not task.multilabel:
        raise ValueError(
            f"{len(wrong)} of {len(clips)} clips have not exactly one label, {wrong[0].source} has "
            f"{', '.join(map(str, wrong[0].labels)) or 'none'}: give --multilabel if that is right."
        )


def _with_numbers(clips: Sequence[RawClip]) -> list[RawClip]:
    """Clips whose labels are numbers where all are; each label of a clip once, sorted."""
    numbers = numbers_where_all_are({str(label) for clip in clips for label in clip.labels})
    return [
        replace(clip, labels=tuple(sorted_labels({numbers[str(label)] for label in clip.labels})))
        for clip in clips
    ]


def _check_chroma(clips: Sequence[RawClip]) -> None:
    """chroma_acc compares vocabulary indices modulo 12, so the notes must be without a gap."""
    notes: list[Label] = sorted_labels({label for clip in clips for label in clip.labels})
    first = notes[0]
    if not isinstance(first, int) or notes != list(range(first, first + len(notes))):
        raise ValueError(
            "chroma_acc needs labels that are MIDI notes without a gap, as it counts columns "
            f"modulo 12; these are {', '.join(map(str, notes[:12]))}...: leave it out."
        )
