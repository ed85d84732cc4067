"""mAP, ROC AUC and d-prime of resampled clips: the scores of `benchmark.scores.ranking`, weighted.

A clip drawn twice counts twice. Whether clip i is ranked above positive p does not depend on the
resample; so the weighted rank of every positive in every resample is one product of matrices.

In average precision a clip's own copies are not ranked with it: copies of a positive would vouch
for each other, and lift mAP by up to half an interval where classes have few positives (simulated:
300 clips of 30 classes, coverage of the 95 % interval 0.81 with copies, 0.96 without).

A class that a resample leaves without positives (for AUC, also without negatives) is left out of
that resample's mean: as a zero it would pull the mean of rare classes down for no fault of the
model. Classes that the split itself lacks keep upstream's value: 0 in mAP, NaN in AUC and d-prime.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from benchmark.statistics.fold_score import CountedScore

RANKING_SCORES = ("mAP", "aucroc", "d_prime")
COLUMNS = 1024  # positives ranked at once; bounds memory to clips x COLUMNS


def ranking_score(
    name: str, probabilities: NDArray[np.float32], targets: NDArray[np.float32]
) -> CountedScore:
    """The score called ``name``, one of `RANKING_SCORES`, of clips drawn ``counts`` times.

    Args:
        name: Of the score.
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).
    """
    positive = targets > 0
    there = positive.any(axis=0)
    if name == "mAP":

        def mean_average_precision(counts: NDArray[np.float32]) -> NDArray[np.float64]:
            classes = weighted_average_precision(counts, probabilities, positive)
            return np.asarray(mean_of_defined(classes) * there.mean())

        return mean_average_precision
    undefined = not (there & ~positive.all(axis=0)).all()

    def mean_area(counts: NDArray[np.float32]) -> NDArray[np.float64]:
        if undefined:
            return np.full(len(counts), np.nan)
        area = weighted_roc_auc(counts, probabilities, positive)
        return mean_of_defined(area if name == "aucroc" else ndtri(area) * np.sqrt(2.0))

    return mean_area


def weighted_average_precision(
    counts: NDArray[np.float32], probabilities: NDArray[np.float32], positive: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Average precision of each class in each resample.

    Args:
        counts: Shape (resamples, clips).
        probabilities: Shape (clips, classes).
        positive: Shape (clips, classes).

    Returns:
        Shape (resamples, classes), NaN for a class without positives in a resample.
    """
    total = np.zeros((len(counts), positive.shape[1]))
    for clip, label in _positives(positive):
        above = probabilities[:, label] >= probabilities[clip, label]  # (clips, positives)
        above[clip, np.arange(len(clip))] = False  # itself, which counts once
        ranked = 1 + counts @ above.astype(np.float32)
        hit = above & positive[:, label]
        some = np.flatnonzero(hit.any(axis=1))  # most clips have none of these few classes
        hits = 1 + counts[:, some] @ hit[some].astype(np.float32)
        _add_by_class(total, counts[:, clip] * (hits / ranked), label)
    return _divide(total, counts @ positive.astype(np.float64))


def weighted_roc_auc(
    counts: NDArray[np.float32], probabilities: NDArray[np.float32], positive: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Area under each class's ROC curve in each resample; arguments and result as above.

    A positive wins against every clip ranked below it, and half against its equals. Its wins over
    other positives, and against itself, add up to half the square of the positives' weight.
    """
    wins = np.zeros((len(counts), positive.shape[1]))
    for clip, label in _positives(positive):
        scores, own = probabilities[:, label], probabilities[clip, label]
        beaten = (scores < own).astype(np.float32) + np.float32(0.5) * (scores == own)
        _add_by_class(wins, counts[:, clip].astype(np.float64) * (counts @ beaten), label)
    weight = counts @ positive.astype(np.float64)
    rest = counts.sum(axis=1, dtype=np.float64)[:, None] - weight
    return _divide(wins - weight**2 / 2, weight * rest)


def mean_of_defined(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each row without its NaN; NaN if nothing is left, or infinities of both signs are."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        total = np.where(defined, values, 0.0).sum(axis=1)
    return _divide(total, defined.sum(axis=1).astype(np.float64))


def _positives(
    positive: NDArray[np.bool_],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Clips and classes of the positives, class by class, a few at a time."""
    label, clip = np.nonzero(positive.T)
    for start in range(0, len(clip), COLUMNS):
        yield clip[start : start + COLUMNS], label[start : start + COLUMNS]


def _add_by_class(
    total: NDArray[np.float64], values: NDArray[np.floating], label: NDArray[np.int64]
) -> None:
    """Add up columns of one class; ``label`` is sorted."""
    first = np.flatnonzero(np.diff(label, prepend=-1))
    total[:, label[first]] += np.add.reduceat(values.astype(np.float64), first, axis=1)


def _divide(above: NDArray[np.floating], below: NDArray[np.floating]) -> NDArray[np.float64]:
    quotient = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
