"""The score of one model on one test split, as a function of how often each clip is drawn.

Clips of one recording or speaker are drawn together where file names tell them. They fail together,
so independent draws would make intervals too narrow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
        remark: What must be said of the score (see `benchmark.statistics.undefined`); mostly empty.
    """

    clips: tuple[str, ...]
    score: CountedScore
    remark: str = ""

    @property
    def value(self) -> float:
        """The score of the clips as they are."""
        return float(self.score(np.ones((1, len(self.clips)), np.float32))[0])


@dataclass(frozen=True)
class RatioOfSums:
    """A score that is one sum over clips divided by another; see `ratio_of_sums`.

    Attributes:
        columns: What is added up above and below, shape (clips, 2). float32 where all sums of
            resampled clips are exact in it: that takes a fifth of the time, as counts need no
            conversion.
    """

    columns: NDArray[np.float32] | NDArray[np.float64]

    def __call__(self, counts: NDArray[np.float32]) -> NDArray[np.float64]:
        """The score of each resample, shape (resamples,)."""
        return np.asarray(_ratios(counts, self.columns)[0], dtype=np.float64)


def ratio_of_sums(numerator: NDArray[np.number], denominator: NDArray[np.number]) -> RatioOfSums:
    """A score that is one sum over clips divided by another; 0 / 0 is NaN.

    Args:
        numerator: Of each clip, shape (clips,).
        denominator: Of each clip, shape (clips,).
    """
    columns = np.stack([numerator, denominator], axis=1).astype(np.float64)
    return RatioOfSums(columns.astype(np.float32) if _has_exact_sums(columns) else columns)


def together(scores: Sequence[CountedScore]) -> CountedScore:
    """All scores of the same clips at once.

    The ratios of exact sums are one matrix product for all, which reads the counts once. An exact
    sum is the same in whatever order it is made, so this changes no bit.

    Returns:
        A function of counts, shape (resamples, clips), to scores, shape (scores, resamples).
    """
    exact = {
        row: score.columns
        for row, score in enumerate(scores)
        if isinstance(score, RatioOfSums) and score.columns.dtype == np.float32
    }
    columns = np.concatenate(list(exact.values()), axis=1) if exact else None
    others = [row for row in range(len(scores)) if row not in exact]

    def score(counts: NDArray[np.float32]) -> NDArray[np.float64]:
        found = np.empty((len(scores), len(counts)))
        if columns is not None:
            found[list(exact)] = _ratios(counts, columns)
        for row in others:
            found[row] = scores[row](counts)
        return found

    return score


def _ratios(counts: NDArray[np.float32], columns: NDArray[np.floating]) -> NDArray[np.float64]:
    """Sums of even columns by those of odd ones, shape (columns / 2, resamples)."""
    sums = (counts @ columns).T.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[::2] / sums[1::2], dtype=np.float64)


def _has_exact_sums(columns: NDArray[np.float64]) -> bool:
    """Whether float32 sums of resampled clips are exact: of whole numbers, below 2 to the 24.

    No sum exceeds the number of drawn clips times the largest value. Where recordings of several
    clips are drawn, more clips than there are can be drawn: hence the room.
    """
    room = 64
    largest = np.abs(columns).max(initial=0.0) * len(columns) * room
    return bool((columns == np.round(columns)).all() and largest < 2**24)


# By the start of the task's folder name; the first group of the pattern names the recording.
RECORDING = {
    # ESC-50: fold-FREESOUND ID-take-class
    "esc50-": re.compile(r"\d-(\d+)-[A-Z]-"),
    # Google Speech Commands: word, speaker's hash (hear-preprocess splits by it), take
    "speech_commands-": re.compile(r".*?([0-9a-f]{8})_nohash"),
    # NSynth: instrument-pitch-velocity (hear-preprocess splits by instrument)
    "nsynth_pitch-": re.compile(r"([^-]+)-\d+-\d+"),
}

# With fewer groups a bootstrap of groups is too narrow and jumpy: its variance lacks the factor
# k / (k - 1), and percentiles of a handful of values are coarse (Cameron, Gelbach and Miller,
# "Bootstrap-based improvements for inference with clustered errors", Review of Economics and
# Statistics 90, 2008). Clips are drawn on their own then.
MIN_GROUPS = 20


def clip_groups(task: str, clips: Sequence[str]) -> NDArray[np.int64]:
    """The group of each clip of one split, numbered from 0, shape (clips,).

    Args:
        task: Folder name of the task.
        clips: File names. One that does not fit the task's pattern is a group of its own.
    """
    alone = np.arange(len(clips), dtype=np.int64)
    pattern = next((RECORDING[start] for start in RECORDING if task.startswith(start)), None)
    if pattern is None:
        return alone
    found = [pattern.match(clip) for clip in clips]
    names = [match[1] if match else f"/{clip}" for match, clip in zip(found, clips, strict=True)]
    groups = np.unique(names, return_inverse=True)[1]
    return alone if len(set(names)) < MIN_GROUPS else np.asarray(groups, dtype=np.int64)
