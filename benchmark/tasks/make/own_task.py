"""A task of the user's own data: its metadata, and what its labels must be like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from benchmark.events.postprocessing import DEFAULT_GRID, short_events
from benchmark.tasks.make.checks import check_names
from benchmark.tasks.make.names import check_labels, check_task_name
from benchmark.tasks.make.plan import Label, RawClip, TaskPlan, numbers_where_all_are, sorted_labels
from benchmark.tasks.make.splits import Splitting, with_splits
from benchmark.tasks.task import EmbeddingType, known_scores

SHORTEST_CLIP: Final = 0.001  # seconds
LONGEST_CLIP: Final = 86_400.0  # seconds, a day
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
        notes: First and last MIDI note of the vocabulary, for labels that are notes with gaps.
        postprocessing: ``event_postprocessing_grid`` of the metadata; empty for HEAR's.
    """

    name: str
    version: str = "v1"
    embedding_type: EmbeddingType = "scene"
    multilabel: bool = False
    scores: tuple[str, ...] = ()
    seconds: float | None = None
    notes: tuple[int, int] | None = None
    postprocessing: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in (self.name, self.version):
            if not PLAIN.fullmatch(what):
                raise ValueError(f"{what!r} must be letters, digits, dots, dashes and underscores.")
        check_task_name(self.folder_name)
        if self.seconds is not None and not SHORTEST_CLIP <= self.seconds <= LONGEST_CLIP:
            raise ValueError(
                f"A clip must last from {SHORTEST_CLIP:g} to {LONGEST_CLIP:g} s, not "
                f"{self.seconds:g} s."
            )
        if len(set(self.scores)) < len(self.scores):
            raise ValueError(f"The scores {', '.join(self.scores)} name one twice.")
        known = known_scores(self.embedding_type)
        for score in self.scores:
            if score not in known:
                raise ValueError(
                    f"{score!r} is no score of a task of {self.embedding_type} embeddings; it has "
                    f"{', '.join(known)}."
                )

    @property
    def folder_name(self) -> str:
        """Name of the task folder."""
        return f"{self.name}-{self.version}-full"

    @property
    def evaluation(self) -> tuple[str, ...]:
        """The scores, or HEAR's usual ones for this kind of task."""
        if self.scores:
            return self.scores
        if self.embedding_type == "event":
            return ("event_onset_200ms_fms", "segment_1s_er")
        return ("mAP", "d_prime", "aucroc") if self.multilabel else ("top1_acc",)


def own_grid(
    median_filter: tuple[float, ...], min_duration: tuple[float, ...]
) -> dict[str, tuple[float, ...]]:
    """A post-processing grid; what is empty keeps HEAR's values; empty if both are.

    Args:
        median_filter: Lengths of the median filter to try, ms.
        min_duration: Shortest events to try, ms.
    """
    if not median_filter and not min_duration:
        return {}
    usual = {key: tuple(values) for key, values in DEFAULT_GRID.items()}
    return {
        "median_filter_ms": median_filter or usual["median_filter_ms"],
        "min_duration": min_duration or usual["min_duration"],
    }


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
    said = check_labels(label for clip in clips for label in clip.all_labels)
    if task.embedding_type == "scene":
        if not task.multilabel and len({clip.labels for clip in clips}) == 1:
            said = [*said, "All clips have one label: every model will seem perfect."]
        clips = _with_numbers(clips)
    vocabulary = _note_range(task, clips)
    if "chroma_acc" in task.evaluation and not vocabulary:
        _check_chroma(clips)
    events = [event for clip in clips for event in clip.events]
    if short := short_events(events, task.postprocessing or DEFAULT_GRID):
        said = [*said, f"{short} Give --min-duration and --median-filter with shorter times."]
    grid = {"event_postprocessing_grid": {k: list(v) for k, v in task.postprocessing.items()}}
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
        **({"evaluation_params": grid} if task.postprocessing else {}),
    }
    return TaskPlan(
        metadata=metadata,
        clips=splits.clips,
        notes=(*notes, *said, *splits.notes),
        vocabulary=vocabulary,
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
    if not isinstance(first, int):
        raise ValueError(
            "chroma_acc needs labels that are MIDI notes, such as 69 for A4, but one is "
            f"{first!r}: write notes as numbers, or leave chroma_acc out."
        )
    if notes != list(range(first, first + len(notes))):
        raise ValueError(
            "chroma_acc needs labels that are MIDI notes without a gap, as it counts columns "
            f"modulo 12; these are {', '.join(map(str, notes[:12]))}...: give the range of notes, "
            "e.g. --notes 21-108, or leave chroma_acc out."
        )


def _note_range(task: OwnTask, clips: Sequence[RawClip]) -> tuple[Label, ...]:
    """All notes of the range that was given; nothing if none was."""
    if task.notes is None:
        return ()
    first, last = task.notes
    outside = [
        label
        for label in {label for clip in clips for label in clip.labels}
        if not isinstance(label, int) or not first <= label <= last
    ]
    if outside:
        raise ValueError(
            f"{len(outside)} labels are no MIDI notes from {first} to {last}, {outside[0]!r} for "
            "one: give another range with --notes."
        )
    return tuple(range(first, last + 1))
