"""Event scores class by class: what is found, and what becomes of the rest.

Source of the kinds of errors: sed_eval.sound_event.EventBasedMetrics, whose substitutions are
missed events at whose onset another class was predicted. The rest of the missed events is split
once more: those of which the right class was predicted, but at the wrong time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import EventTable
from benchmark.scores.event_onset import TOLERANCES, partners
from benchmark.statistics.event_scores import file_by_file
from benchmark.statistics.fold_score import FoldScore, ratio_of_sums

SCORES: Final = tuple(TOLERANCES)


class ClassCounts(NamedTuple):
    """Counts of one test split, each int64 of shape (clips, classes) unless something else is said.

    Attributes:
        reference: Annotated events.
        predicted: Events of the system.
        hits: Annotated events that were found.
        other_class: Missed, and an event of another class was predicted at that onset.
        wrong_time: Missed, no such event, but one of the right class overlaps it.
        confused: Shape (clips, classes, classes): annotated class of ``other_class`` by predicted.
    """

    reference: NDArray[np.int64]
    predicted: NDArray[np.int64]
    hits: NDArray[np.int64]
    other_class: NDArray[np.int64]
    wrong_time: NDArray[np.int64]
    confused: NDArray[np.int64]


def class_counts(
    name: str, clips: int, classes: int, reference: EventTable, predicted: EventTable
) -> ClassCounts:
    """Count what became of every event.

    Args:
        name: One of `SCORES`.
        clips: Number of files.
        classes: Size of the vocabulary.
        reference: Annotated events.
        predicted: Events of the system.

    Raises:
        ValueError: The score does not match events.
    """
    if name not in TOLERANCES:
        raise ValueError(f"{name} does not match events: choose one of {', '.join(SCORES)}")
    confused = np.zeros((clips, classes, classes), np.int64)
    hits, wrong_time = np.zeros((2, clips, classes), np.int64)
    annotated, answered = np.zeros((2, clips, classes), np.int64)
    for clip, (ref, sys) in enumerate(file_by_file(clips, reference, predicted)):
        annotated[clip] = np.bincount(ref.label, minlength=classes)
        answered[clip] = np.bincount(sys.label, minlength=classes)
        found = _of_a_file(name, ref, sys)
        hits[clip] = np.bincount(ref.label[found.hit], minlength=classes)
        wrong_time[clip] = np.bincount(ref.label[found.wrong_time], minlength=classes)
        np.add.at(confused[clip], (found.annotated, found.taken_for), 1)
    return ClassCounts(annotated, answered, hits, confused.sum(axis=2), wrong_time, confused)


class _FileEvents(NamedTuple):
    """Rows of a file's annotated events, and the labels of those taken for another class."""

    hit: NDArray[np.int64]
    wrong_time: NDArray[np.int64]
    annotated: NDArray[np.int64]
    taken_for: NDArray[np.int64]


def _of_a_file(name: str, reference: EventTable, predicted: EventTable) -> _FileEvents:
    partner = partners(reference, predicted, TOLERANCES[name])
    missed = np.flatnonzero(partner < 0)
    free = np.setdiff1d(np.arange(len(predicted)), partner)
    substituted: dict[int, int] = {}  # annotated row to predicted row, in sed_eval's order
    for row in missed.tolist():
        near = TOLERANCES[name].agree(reference, predicted, np.full(len(free), row), free)
        if near.any():
            substituted[row] = int(free[np.argmax(near)])
            free = free[free != substituted[row]]
    left = [row for row in missed.tolist() if row not in substituted]
    late = [row for row in left if _overlapped(reference, row, predicted)]
    return _FileEvents(
        np.flatnonzero(partner >= 0),
        np.array(late, np.int64),
        reference.label[list(substituted)],
        predicted.label[list(substituted.values())],
    )


def _overlapped(reference: EventTable, row: int, predicted: EventTable) -> bool:
    """Whether a predicted event of the same class overlaps the annotated one."""
    return bool(
        (
            (predicted.label == reference.label[row])
            & (predicted.onset_ms <= reference.offset_ms[row])
            & (predicted.offset_ms >= reference.onset_ms[row])
        ).any()
    )


def f_measure_of(
    clips: Sequence[str], counts: ClassCounts, label: int | None, rows: NDArray[np.int64]
) -> FoldScore:
    """F-measure of one class, or of all, on some files of a split.

    Args:
        clips: File names.
        counts: From `class_counts`.
        label: Vocabulary index; None for all classes together (micro average).
        rows: Which files count.

    Returns:
        2 hits / (predicted + annotated). It is 0 where events are annotated and none is predicted:
        sed_eval, and HEAR with it, leave that undefined.
    """
    which = slice(None) if label is None else slice(label, label + 1)
    hits, predicted, reference = (
        column[rows, which].sum(axis=1)
        for column in (counts.hits, counts.predicted, counts.reference)
    )
    names = tuple(clips[row] for row in rows.tolist())
    return FoldScore(names, ratio_of_sums(2 * hits, predicted + reference))
