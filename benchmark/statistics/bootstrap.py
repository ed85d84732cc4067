"""Bootstrap of test clips: scores of resampled clips, and their intervals.

The same clips are drawn for every model of a task.

Which clips are drawn: HEAR's score of a k-fold task is the mean of the folds' scores, so clips are
drawn with replacement within each fold, and the folds stay (a stratified bootstrap; Davison and
Hinkley, "Bootstrap Methods and their Application", 1997, section 3.2). Where file names tell
recordings or speakers apart, those are drawn instead of clips (section 3.8;
`benchmark.statistics.fold_score`).

Folds themselves are not drawn: there are 3 to 10, too few; their scores are not independent, as
their heads share most training clips, and no unbiased estimate of their mean's variance exists
(Bengio and Grandvalet, "No unbiased estimator of the variance of k-fold cross-validation", JMLR 5,
2004). So the interval is about these folds: where each fold is a speaker, it does not say how other
speakers would do. The standard deviation over folds, shown beside it, gives an idea.

Intervals are percentiles. Simulated (95 % intervals, 60 to 600 runs each): accuracies of 50 to
1,200 clips are covered in 0.94 to 0.96, five folds in 0.95, mAP and AUC of rare classes in 0.93 to
0.98, F-measures of 40 files in 0.95, of 14 in 0.91, of 8 in 0.90; the mean of five new folds, whose
true accuracies differ with a standard deviation of 0.03, in 0.80. A model that hits every clip has
an interval of zero width.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.fold_score import FoldScore, clip_groups, together
from benchmark.statistics.ranking_scores import mean_of_defined

LEVEL = 0.95


class Interval(NamedTuple):
    """Bounds of a confidence interval; both NaN where there is none."""

    low: float
    high: float


def percentile_interval(values: NDArray[np.float64], level: float = LEVEL) -> Interval:
    """The middle ``level`` of a score's resampled values.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, section 13.3. Bounds
    are order statistics, rounded outwards, so that infinite values are no trouble.

    Args:
        values: Scores of resamples, shape (resamples,). NaN (undefined) is left out; where more
            than half is, there is no interval.
        level: Share of values inside.
    """
    defined = values[~np.isnan(values)]
    if len(defined) == 0 or len(defined) < len(values) / 2:
        return Interval(math.nan, math.nan)
    last = len(defined) - 1
    low = math.floor((1 - level) / 2 * last)
    ordered = np.partition(defined, (low, last - low))  # a full sort takes several times as long
    return Interval(float(ordered[low]), float(ordered[last - low]))


BLOCK = 2**20  # counts handed out at once: 4 MiB, which many processors keep in their cache
DRAWN_AT_ONCE = 16  # resamples; their counts fit the processor's cache


def resample_counts(
    groups: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    """How often each clip is drawn, as many groups as there are being drawn with replacement.

    Args:
        groups: Group of each clip, from 0 without gaps, shape (clips,).
        resamples: Number of resamples in all.
        rng: Source of the draws; what is drawn does not depend on `BLOCK`.

    Yields:
        float32 whole numbers, shape (some resamples, clips).
    """
    n_groups = int(groups.max()) + 1
    alone = np.array_equal(groups, np.arange(len(groups)))
    size = max(BLOCK // len(groups) // DRAWN_AT_ONCE, 1) * DRAWN_AT_ONCE
    for start in range(0, resamples, size):
        block = np.empty((min(size, resamples - start), n_groups), np.float32)
        for row in range(0, len(block), DRAWN_AT_ONCE):
            some = block[row : row + DRAWN_AT_ONCE]
            drawn = rng.integers(0, n_groups, some.shape)
            drawn += np.arange(len(some))[:, None] * n_groups
            some[:] = np.bincount(drawn.ravel(), minlength=some.size).reshape(some.shape)
        yield block if alone else block[:, groups]


RESAMPLES = 2000
SEED = 0
FEW = 20  # files or recordings; see the simulations above and in paired.py


@dataclass(frozen=True)
class Replicates:
    """A task's scores, and what they are on resampled clips.

    Attributes:
        task: Folder name of the task.
        better: Which direction of the score is better.
        models: Names, the rows of the arrays.
        estimates: The scores themselves, shape (models,).
        values: Scores of resamples, shape (models, resamples). A column holds the scores of all
            models on the same drawn clips.
        drawn: How many clips, files or recordings there are to draw, all folds together.
    """

    task: str
    better: Literal["higher", "lower"]
    models: tuple[str, ...]
    estimates: NDArray[np.float64]
    values: NDArray[np.float64]
    drawn: int

    @property
    def caution(self) -> str | None:
        """What must be said under a table where there is little to draw from."""
        if self.drawn >= FEW:
            return None
        return (
            f"{self.task}: its test split has only {self.drawn} recordings, so that intervals are "
            "somewhat too narrow and tests find somewhat too many differences."
        )

    @property
    def defined(self) -> Replicates | None:
        """Without the models whose score is NaN, which nothing can be tested against."""
        known = ~np.isnan(self.estimates)
        models = tuple(name for name, kept in zip(self.models, known, strict=True) if kept)
        if not models:
            return None
        return replace(
            self, models=models, estimates=self.estimates[known], values=self.values[known]
        )

    def interval(self, model: str) -> Interval:
        """The 95 % interval of a model's score; NaN if the score is."""
        row = self.models.index(model)
        if np.isnan(self.estimates[row]):
            return Interval(float("nan"), float("nan"))
        return percentile_interval(self.values[row], LEVEL)


def bootstrap_task(
    task: str,
    models: Mapping[str, Sequence[FoldScore]],
    better: Literal["higher", "lower"] = "higher",
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Replicates:
    """Score every model on the same resampled clips.

    Args:
        task: Folder name of the task; other tasks draw other clips.
        models: By name, the folds of the task (one for train/valid/test), in the same order and
            with the same clips in every model.
        better: Which direction of the score is better.
        resamples: Number of resamples; see `resamples_for`.
        seed: Equal seeds give equal draws.

    Raises:
        ValueError: There is no model, a fold has no clips, or two models have not the same clips.
    """
    _check_same_clips(task, models)
    names = tuple(models)
    folds = next(iter(models.values()))
    values = np.empty((len(names), len(folds), resamples))
    groups = [clip_groups(task, fold.clips) for fold in folds]
    for index in range(len(folds)):
        rng = np.random.default_rng(
            [seed, zlib.crc32(task.encode("utf-8", "surrogatepass")), index]
        )
        scores = together([models[name][index].score for name in names])
        done = 0
        for counts in resample_counts(groups[index], resamples, rng):
            values[:, index, done : done + len(counts)] = scores(counts)
            done += len(counts)
    return Replicates(
        task=task,
        better=better,
        models=names,
        estimates=mean_of_defined(np.array([[f.value for f in models[name]] for name in names])),
        values=np.stack([mean_of_defined(folds_of_model.T) for folds_of_model in values]),
        drawn=sum(int(numbers.max()) + 1 for numbers in groups),
    )


def resamples_for(models: int) -> int:
    """Resamples that can show a difference between ``models`` models after Holm's correction."""
    return resamples_for_tests(models * (models - 1) // 2)


def resamples_for_tests(tests: int) -> int:
    """Resamples with which so many tests can find something after Holm's correction.

    The smallest p of a test with B resamples is 1 / (B + 1), and Holm may multiply it by the number
    of tests: B is chosen so that half of the 5 % is left, and not below `RESAMPLES`.
    """
    return max(RESAMPLES, round(2 * tests / (1 - LEVEL)))


def _check_same_clips(task: str, models: Mapping[str, Sequence[FoldScore]]) -> None:
    if not models:
        raise ValueError(f"Task {task}: there is no model with predictions to resample.")
    first, *others = models
    clips = [fold.clips for fold in models[first]]
    if not clips or not all(clips):
        raise ValueError(f"Task {task}, {first}: a fold without clips cannot be resampled.")
    for name in others:
        if [fold.clips for fold in models[name]] != clips:
            raise ValueError(
                f"Task {task}: {name} and {first} were not tested on the same clips in the same "
                "order, so they cannot be compared: run both on the same task."
            )
