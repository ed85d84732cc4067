"""Event-based F-measures: predicted events matched to reference events of the same class.

Source: sed_eval.sound_event.EventBasedMetrics (micro average over all files, optimal matching) with
the parameters of heareval.score.available_scores. Times are compared in seconds, float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import EventTable

# Candidates are searched with keys that round times to about 1e-6 s, then tested exactly.
SEARCH_MARGIN = 1e-3  # s


class Tolerance(NamedTuple):
    """When a predicted event of the right class in the right clip counts as the annotated one.

    Attributes:
        collar: Largest distance of onsets, and smallest tolerance for offsets, seconds.
        length_share: Tolerance for offsets as a share of the reference's length; None: onset only.
    """

    collar: float
    length_share: float | None = None

    def agree(
        self,
        reference: EventTable,
        predicted: EventTable,
        ref: NDArray[np.int64],
        pred: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """Whether the times of pairs of rows agree, whatever their classes and clips.

        Args:
            reference: Annotated events.
            predicted: Events of the system.
            ref: Rows of the first, shape (pairs,).
            pred: Rows of the second, shape (pairs,).
        """
        ref_onset, pred_onset = reference.onset_ms / 1000.0, predicted.onset_ms / 1000.0
        agree = np.abs(ref_onset[ref] - pred_onset[pred]) <= self.collar
        if self.length_share is not None:
            ref_offset, pred_offset = reference.offset_ms / 1000.0, predicted.offset_ms / 1000.0
            tolerance = np.maximum(self.collar, self.length_share * (ref_offset - ref_onset))
            agree &= np.abs(ref_offset[ref] - pred_offset[pred]) <= tolerance[ref]
        return np.asarray(agree, dtype=np.bool_)


TOLERANCES: Final[Mapping[str, Tolerance]] = {
    "event_onset_200ms_fms": Tolerance(0.2),
    "event_onset_50ms_fms": Tolerance(0.05),
    "event_onset_offset_50ms_20perc_fms": Tolerance(0.05, length_share=0.2),
}


def event_onset_200ms_fms(reference: EventTable, predicted: EventTable) -> dict[str, float]:
    """Onsets at most 200 ms apart; offsets do not count."""
    return f_measure(reference, predicted, TOLERANCES["event_onset_200ms_fms"])


def event_onset_50ms_fms(reference: EventTable, predicted: EventTable) -> dict[str, float]:
    """Onsets at most 50 ms apart; offsets do not count."""
    return f_measure(reference, predicted, TOLERANCES["event_onset_50ms_fms"])


def event_onset_offset_50ms_20perc_fms(
    reference: EventTable, predicted: EventTable
) -> dict[str, float]:
    """Onsets at most 50 ms apart, offsets at most 50 ms or 20 % of the reference's length."""
    return f_measure(reference, predicted, TOLERANCES["event_onset_offset_50ms_20perc_fms"])


def f_measure(
    reference: EventTable, predicted: EventTable, tolerance: Tolerance
) -> dict[str, float]:
    """Micro F-measure over all clips.

    Args:
        reference: Annotated events.
        predicted: Events of the system.
        tolerance: When the two agree.

    Returns:
        ``f_measure``, ``precision`` and ``recall``; a ratio whose denominator counts no event is
        NaN, and so is the F-measure then. Precision and recall both 0 give 0.
    """
    hits = int((partners(reference, predicted, tolerance) >= 0).sum())
    precision = hits / len(predicted) if len(predicted) else float("nan")
    recall = hits / len(reference) if len(reference) else float("nan")
    if precision == 0 and recall == 0:
        return {"f_measure": 0.0, "precision": 0.0, "recall": 0.0}
    score = 2 * precision * recall / (precision + recall)
    return {"f_measure": score, "precision": precision, "recall": recall}


def partners(
    reference: EventTable, predicted: EventTable, tolerance: Tolerance
) -> NDArray[np.int64]:
    """The largest one-to-one matching of events that agree.

    Returns:
        Row of the predicted event for each annotated one, -1 where it has none.
    """
    ref, pred = candidate_pairs(reference, predicted, tolerance.collar)
    agree = tolerance.agree(reference, predicted, ref, pred)
    if not agree.any():
        return np.full(len(reference), -1, dtype=np.int64)
    # Imported here, as it takes a quarter of a second, and most tables have no events.
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    shape = (len(reference), len(predicted))
    graph = csr_matrix((np.ones(int(agree.sum())), (ref[agree], pred[agree])), shape=shape)
    return np.asarray(maximum_bipartite_matching(graph, perm_type="column"), dtype=np.int64)


def candidate_pairs(
    reference: EventTable, predicted: EventTable, collar: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (reference row, predicted row) of one clip and class with onsets near each other.

    A key holds clip and class in steps wider than any time, plus the onset in seconds, so that one
    binary search over sorted keys finds the candidates of every event at once.
    """
    nothing = np.zeros(0, dtype=np.int64)
    if not len(reference) or not len(predicted):
        return nothing, nothing
    onsets = np.concatenate([reference.onset_ms, predicted.onset_ms]) / 1000.0
    step = onsets.max() - onsets.min() + 2 * (collar + SEARCH_MARGIN)
    classes = max(reference.label.max(), predicted.label.max()) + 1
    ref_key = (reference.clip * classes + reference.label) * step + reference.onset_ms / 1000.0
    pred_key = (predicted.clip * classes + predicted.label) * step + predicted.onset_ms / 1000.0
    order = np.argsort(pred_key, kind="stable")
    reach = collar + SEARCH_MARGIN
    first = np.searchsorted(pred_key[order], ref_key - reach, side="left")
    last = np.searchsorted(pred_key[order], ref_key + reach, side="right")
    count = last - first
    ref = np.repeat(np.arange(len(reference)), count)
    within = np.arange(len(ref)) - np.repeat(np.cumsum(count) - count, count)
    return ref, order[np.repeat(first, count) + within]
