"""How well each class's probabilities rank its positives: mAP, ROC AUC and d-prime, macro averages.

Source: heareval.score.MeanAveragePrecision, AUCROC and DPrime, which call scikit-learn class by
class. Here all classes are ranked at once, with the same treatment of ties. Average ranks equal
those of ``scipy.stats.rankdata``, whose import takes half a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


def average_ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rank of each value in its column, 1 for the smallest; of equals, the mean of their ranks.

    Args:
        values: Shape (rows, columns), at least one row.

    Returns:
        The same shape; NaN throughout a column that has one.
    """
    columns = np.ascontiguousarray(values.T)  # one after the other: sorted in half the time
    order = np.argsort(columns, axis=1)
    ordered = np.take_along_axis(columns, order, axis=1)
    changes = ordered[:, 1:] != ordered[:, :-1]
    edge = np.ones((len(columns), 1), dtype=bool)
    place = np.arange(len(values), dtype=np.int32)
    first = np.maximum.accumulate(np.where(np.hstack([edge, changes]), place, 0), axis=1)
    until = np.where(np.hstack([changes, edge]), place, len(values))
    last = np.minimum.accumulate(until[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(columns.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=1)
    ranks[np.isnan(columns).any(axis=1)] = np.nan
    return ranks.T


def average_precision(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Average precision of each class: the mean, over positives, of the precision at their score.

    Args:
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).

    Returns:
        Shape (classes,); 0 for a class without positives, as scikit-learn >= 1.1 has it.
    """
    order = np.argsort(-probabilities, axis=0, kind="stable")
    scores = np.take_along_axis(probabilities, order, axis=0)
    positive = np.take_along_axis(targets > 0, order, axis=0)
    # Equal scores are one threshold: every member has the precision of the last member's rank.
    rank = np.broadcast_to(np.arange(len(scores))[:, None], scores.shape).copy()
    rank[:-1][scores[:-1] == scores[1:]] = len(scores)
    rank = np.minimum.accumulate(rank[::-1], axis=0)[::-1]
    hits = np.take_along_axis(np.cumsum(positive, axis=0), rank, axis=0)
    total = (hits / (rank + 1) * positive).sum(axis=0)
    return np.asarray(total / np.maximum(positive.sum(axis=0), 1), dtype=np.float64)


def two_sided(targets: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which classes have positives and negatives, shape (classes,): the others have no AUC."""
    positive = targets > 0
    return np.asarray(positive.any(axis=0) & ~positive.all(axis=0))


def roc_auc(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Area under each class's ROC curve, from the rank sum of its positives (Mann-Whitney U).

    Args:
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).

    Returns:
        Shape (classes,); NaN for a class with positives only or negatives only.
    """
    positive = targets > 0
    n_positive = positive.sum(axis=0).astype(np.float64)
    pairs = n_positive * (len(targets) - n_positive)
    wins = (average_ranks(probabilities) * positive).sum(axis=0)
    wins -= n_positive * (n_positive + 1) / 2
    area = np.full(len(pairs), np.nan)
    np.divide(wins, pairs, out=area, where=pairs > 0)
    return area


# The name is the score's, and HEAR spells it so.
def mAP(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:  # noqa: N802
    """Mean over classes of `average_precision`; its arguments, result in [0, 1]."""
    return float(average_precision(probabilities, targets).mean())


def aucroc(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Mean over classes of `roc_auc`; its arguments. NaN as soon as one class is undefined."""
    return float(roc_auc(probabilities, targets).mean())


def d_prime(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Mean over classes of ``sqrt(2) * Phi^-1(AUC)``; arguments as of `roc_auc`.

    Infinite where a class is ranked perfectly (or perfectly wrong: -inf), NaN where a class has no
    AUC or infinities of both signs meet.
    """
    with np.errstate(invalid="ignore"):
        return float((ndtri(roc_auc(probabilities, targets)) * np.sqrt(2.0)).mean())
