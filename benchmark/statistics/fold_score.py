"""The score of one model on one test split, as a function of how often each clip is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Takes counts, float32 whole numbers of shape (resamples, clips); returns the score of each
# resample, float64 of shape (resamples,), NaN where it is undefined.
CountedScore = Callable[[NDArray[np.float32]], NDArray[np.float64]]


@dataclass(frozen=True)
class FoldScore:
    """What the bootstrap needs of a model's predictions for one test split.

    Attributes:
        clips: File names, in the order of the counts' columns.
        score: The score of resampled clips; counts of one give the score itself.
    """

    clips: tuple[str, ...]
    score: CountedScore

    @property
    def value(self) -> float:
        """The score of the clips as they are."""
        return float(self.score(np.ones((1, len(self.clips)), np.float32))[0])


def ratio_of_sums(numerator: NDArray[np.number], denominator: NDArray[np.number]) -> CountedScore:
    """A score that is one sum over clips divided by another; 0 / 0 is NaN.

    Args:
        numerator: Of each clip, shape (clips,).
        denominator: Of each clip, shape (clips,).
    """
    columns = np.stack([numerator, denominator], axis=1).astype(np.float64)

    def score(counts: NDArray[np.float32]) -> NDArray[np.float64]:
        above, below = (counts @ columns).T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(above / below, dtype=np.float64)

    return score
