"""Segment-based error rate: which classes are active in each second.

Source: sed_eval.sound_event.SegmentBasedMetrics with time_resolution 1.0, as heareval.score uses it
(Mesaros, Heittola and Virtanen, "Metrics for polyphonic sound event detection", 2016, eq. 6-9).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import EventTable

EPSILON = float(np.spacing(1))  # sed_eval.metric adds it to the number of reference events


def segment_1s_er(reference: EventTable, predicted: EventTable) -> dict[str, float]:
    """Substitutions, deletions and insertions per reference class-second; smaller is better.

    Args:
        reference: Annotated events.
        predicted: Events of the system.

    Returns:
        ``error_rate``: 0 is perfect, 1 is what predicting nothing gives. NaN without reference
        events: it is a rate per reference event. sed_eval, and so hear-eval-kit, gives 0 there if
        nothing was predicted, and a number beyond 1e15 if something was.
    """
    errors, n_reference = segment_errors(reference, predicted)
    if not n_reference:
        return {"error_rate": math.nan}
    total = n_reference + EPSILON
    return {"error_rate": float(sum(kind / total for kind in errors))}


def segment_errors(
    reference: EventTable, predicted: EventTable
) -> tuple[tuple[int, int, int], int]:
    """Substitutions, deletions and insertions in class-seconds; and reference class-seconds."""
    classes = max(
        (table.label.max() + 1 for table in (reference, predicted) if len(table)), default=1
    )
    ref = active_seconds(reference)
    pred = active_seconds(predicted)
    seconds = max((part[1].max() + 1 for part in (ref, pred) if len(part[1])), default=1)
    ref_cells = np.unique((ref[0] * seconds + ref[1]) * classes + ref[2])
    pred_cells = np.unique((pred[0] * seconds + pred[1]) * classes + pred[2])
    hit_cells = np.intersect1d(ref_cells, pred_cells, assume_unique=True)

    _, segment = np.unique(
        np.concatenate([ref_cells, pred_cells, hit_cells]) // classes, return_inverse=True
    )
    bounds = np.cumsum([len(ref_cells), len(pred_cells)])
    n_ref, n_pred, n_hit = (
        np.bincount(part, minlength=segment.max(initial=-1) + 1)
        for part in np.split(segment, bounds)
    )
    substitutions = int((np.minimum(n_ref, n_pred) - n_hit).sum())
    deletions = int(np.maximum(n_ref - n_pred, 0).sum())
    insertions = int(np.maximum(n_pred - n_ref, 0).sum())
    return (substitutions, deletions, insertions), int(n_ref.sum())


def active_seconds(
    events: EventTable,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Clip, second and class of every second that an event touches: floor(onset)..ceil(offset)."""
    first = np.maximum(np.floor(events.onset_ms / 1000.0), 0).astype(np.int64)
    count = np.ceil(events.offset_ms / 1000.0).astype(np.int64) - first
    count = np.maximum(count, 0)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return (
        np.repeat(events.clip, count),
        np.repeat(first, count) + within,
        np.repeat(events.label, count),
    )
