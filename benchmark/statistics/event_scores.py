"""Event scores for the bootstrap: what each file adds to the counts of a score.

Every event score of HEAR is a ratio of counts summed over files, so that resampling files is
resampling rows of counts. Matchings and segments never reach over a file's end: events are matched
in all files at once, and errors of segments are those of the score, applied to a file alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import EventTable
from benchmark.scores import event_score
from benchmark.scores.event_onset import TOLERANCES, partners
from benchmark.scores.segment import EPSILON, segment_errors
from benchmark.statistics.fold_score import CountedScore, FoldScore, ratio_of_sums


def event_fold_score(
    name: str, clips: Sequence[str], reference: EventTable, predicted: EventTable
) -> FoldScore:
    """The score called ``name`` of one test split of an event task.

    Args:
        name: A key of `benchmark.scores.EVENT_SCORES`.
        clips: File names; the tables' ``clip`` is an index into them.
        reference: Annotated events.
        predicted: Events of the system.

    Raises:
        ValueError: There is no such score for event tasks.
    """
    if name == "segment_1s_er":
        errors, n_reference = segment_counts(name, len(clips), reference, predicted).T
        return FoldScore(tuple(clips), _error_rate(errors, n_reference))
    hits, n_predicted, n_reference = event_counts(name, len(clips), reference, predicted).T
    return FoldScore(tuple(clips), _f_measure(hits, n_predicted, n_reference))


def event_counts(
    name: str, clips: int, reference: EventTable, predicted: EventTable
) -> NDArray[np.int64]:
    """True positives, predicted events and reference events of each file, shape (clips, 3)."""
    event_score(name)  # refuses an unknown name
    found = partners(reference, predicted, TOLERANCES[name]) >= 0
    events = (reference.clip[found], predicted.clip, reference.clip)
    return np.stack([np.bincount(clip, minlength=clips) for clip in events], axis=1)


def segment_counts(
    name: str, clips: int, reference: EventTable, predicted: EventTable
) -> NDArray[np.int64]:
    """Errors (S + D + I) and reference class-seconds of each file, shape (clips, 2)."""
    if name != "segment_1s_er":
        raise ValueError(f"The score {name!r} does not count errors of segments.")
    counts = np.zeros((clips, 2), np.int64)
    for row, (ref, sys) in zip(counts, file_by_file(clips, reference, predicted), strict=True):
        errors, n_reference = segment_errors(ref, sys)
        row[:] = sum(errors), n_reference
    return counts


def _f_measure(
    hits: NDArray[np.int64], n_predicted: NDArray[np.int64], n_reference: NDArray[np.int64]
) -> CountedScore:
    """2 TP / (predicted + reference): the harmonic mean of precision and recall, written out.

    NaN where either has no events, as `benchmark.scores.event_onset.f_measure` has it.
    """
    whole = ratio_of_sums(2 * hits, n_predicted + n_reference)
    sides = np.stack([n_predicted, n_reference], axis=1).astype(np.float64)

    def score(counts: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.where((counts @ sides > 0).all(axis=1), whole(counts), np.nan)

    return score


def _error_rate(errors: NDArray[np.int64], n_reference: NDArray[np.int64]) -> CountedScore:
    """Errors per reference class-second, NaN without any; sed_eval adds EPSILON once in all."""
    columns = np.stack([errors, n_reference], axis=1).astype(np.float64)

    def score(counts: NDArray[np.float32]) -> NDArray[np.float64]:
        above, below = (counts @ columns).T
        rate = np.asarray(above / (below + EPSILON), dtype=np.float64)
        return np.where(below > 0, rate, np.nan)

    return score


def file_by_file(
    clips: int, reference: EventTable, predicted: EventTable
) -> list[tuple[EventTable, EventTable]]:
    """Annotated and predicted events of each file; their order within it is kept."""
    return list(zip(_split(reference, clips), _split(predicted, clips), strict=True))


def _split(table: EventTable, clips: int) -> list[EventTable]:
    """The events of each file; their order within it is kept."""
    order = np.argsort(table.clip, kind="stable")
    ends = np.cumsum(np.bincount(table.clip, minlength=clips))[:-1]
    columns = (table.clip, table.label, table.onset_ms, table.offset_ms)
    return [
        EventTable(*parts)
        for parts in zip(*(np.split(column[order], ends) for column in columns), strict=True)
    ]
