"""Ranks over all rows that a column can compare: rows run here, and published scores.

Rows run here are compared by the paired tests. A published score has no predictions, so it is taken
as exact: it is ahead of a row where it lies above the row's 95 % interval, and behind it where it
lies below. That is one interval per row, not corrected for the number of published scores. Two
published scores are compared as they are printed, to three decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.report.published import PublishedScore, published_label
from benchmark.statistics import Comparisons, Interval, RankRange


def column_ranks(
    tests: Comparisons | None,
    intervals: Mapping[str, Interval],
    published: Sequence[PublishedScore],
    lower_is_better: bool = False,
) -> dict[str, RankRange]:
    """Ranks by row label; a row that nothing can be compared with has none.

    Without any predictions there are no ranks at all: published rows among themselves would look
    as if they were ahead of the rows run here.

    Args:
        tests: Of the rows run here; None where no row has predictions.
        intervals: Of the same rows; one without (NaN) is left out.
        published: Of the column. A score with a note says nothing of its model and is left out.
        lower_is_better: Whether it is.
    """
    if tests is None:
        return {}
    own = [name for name in tests.models if _is_known(intervals.get(name))]
    exact = {published_label(row.model): round(row.value, 3) for row in published if not row.note}
    labels = [*own, *exact]
    if len(labels) < 2:
        return {}
    bounds = [intervals[name] for name in own] + [Interval(v, v) for v in exact.values()]
    beats = _beyond(np.array(bounds), lower_is_better)
    rows = [tests.models.index(name) for name in own]
    beats[: len(own), : len(own)] = tests.better[np.ix_(rows, rows)]
    return {
        label: RankRange(1 + int(beats[:, row].sum()), len(labels) - int(beats[row].sum()))
        for row, label in enumerate(labels)
    }


def _is_known(interval: Interval | None) -> bool:
    return interval is not None and not np.isnan(interval.low)


def _beyond(bounds: NDArray[np.float64], lower_is_better: bool) -> NDArray[np.bool_]:
    """``[a, b]``: whether a's interval lies wholly on the better side of b's."""
    low, high = bounds[:, 0], bounds[:, 1]
    if lower_is_better:
        low, high = -high, -low
    return np.asarray(low[:, None] > high[None, :])
