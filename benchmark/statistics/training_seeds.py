"""How sure the score of a training method is: rows that differ in the seed of their training alone.

Both are a draw: the seeds of the training, and the test clips, which are the same for all rows. The
score of seed i on the clips is ``mu + a_i + c + e_i``: the seed's part ``a``, what the clips do to
all rows alike ``c``, and what they do to each row apart ``e``. The mean of n seeds then varies by

    (var a + var e) / n  +  var c .

The first term is the variance of the n scores (ddof 1) by n, whatever the score is. The second is
the mean covariance of two rows over resampled clips; in a difference of two groups, which share
clips, what they have in common falls out. This is the model of Obuchowski and Rockette
("Hypothesis testing of diagnostic accuracy for multiple readers and multiple tests",
Communications in Statistics: Simulation and Computation 24, 1995), with training seeds as readers
and clips as cases, for readers nested in tests (Hillis, "A marginal-mean ANOVA approach for
analyzing multireader multicase radiological imaging data", Statistics in Medicine 33, 2014).

These are the components that a nested bootstrap of seeds and clips has, too (Sellam et al., "The
MultiBERTs: BERT reproductions for robustness analysis", ICLR 2022), except that drawing n seeds
with replacement gives only ``(n - 1) / n`` of their variance, and that its percentiles take no
notice of how badly two or three seeds tell it. Here the part of the seeds has Student's t with
their degrees of freedom (Welch's for two groups), the part of the clips the normal distribution;
the halves of the two intervals add up as squares (Zou and Donner, "Construction of confidence
limits about effect measures: a general approach", Statistics in Medicine 27, 2008), as in
`benchmark.statistics.draws`. One t for both with Satterthwaite's degrees of freedom is narrower,
but covers too little with two or three seeds. docs/training_seeds.md has the simulation.

Folds and seeds of the heads are what they are in every interval: folds stay, and a row's score is
its mean over seeds of the heads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit  # as scipy.stats, whose import takes a third of a second

from benchmark.statistics.bootstrap import LEVEL, RESAMPLES, Interval, Replicates
from benchmark.statistics.paired import holm

SMALLEST_P = 1e-9

Verdict = Literal["above", "below", "not told apart", "not tested"]


class SquaredError(NamedTuple):
    """Where the error of a mean, or of a difference of means, comes from; all of it squared.

    Attributes:
        training: From the seeds of the training; 0 if every group has one row.
        df: Degrees of freedom of ``training``.
        clips: From the test clips, in what they do to all rows of a group alike.
        least: What the clips do to each row apart, which is part of ``training``. Seeds that agree
            by chance cannot make an interval narrower than the clips alone do.
    """

    training: float
    df: float
    clips: float
    least: float

    def half_width(self, tails: float = 1 - LEVEL) -> float:
        """Half of the interval that leaves ``tails`` outside, both sides together."""
        t = -float(stdtrit(self.df, tails / 2))
        z = -float(ndtri(tails / 2))
        return math.sqrt(max(self.training * t**2, self.least * z**2) + self.clips * z**2)

    def p(self, difference: float) -> float:
        """The two-sided p of a difference: the tails of the interval whose end is 0."""
        low, high = math.log(SMALLEST_P), 0.0
        if self.half_width(SMALLEST_P) <= abs(difference):
            return SMALLEST_P
        for _ in range(50):
            middle = (low + high) / 2
            inside = self.half_width(math.exp(middle)) >= abs(difference)
            low, high = (middle, high) if inside else (low, middle)
        return math.exp(high)


@dataclass(frozen=True)
class GroupScore:
    """A group of rows on one task.

    Attributes:
        group: Name.
        rows: Those that have a score.
        mean: Over the rows.
        spread: Standard deviation over the rows (ddof 1); NaN for one.
        interval: 95 %, over training seeds and test clips; for one row over clips alone. NaN where
            resamples are undefined.
        error: Where its width comes from; None where that is unknown.
    """

    group: str
    rows: tuple[str, ...]
    mean: float
    spread: float
    interval: Interval
    error: SquaredError | None


@dataclass(frozen=True)
class GroupDifference:
    """Two groups on one task.

    Attributes:
        a: Name of a group.
        b: Name of another.
        value: Mean of a less that of b.
        interval: 95 %, of the difference, not corrected for the number of pairs.
        p: Two-sided, of no difference; NaN if unknown.
        adjusted: The same after Holm's correction over the pairs of the task.
        better: Which direction of the score is better.
        paired: Whether both groups have the same trainings, and were compared training by training.
    """

    a: str
    b: str
    value: float
    interval: Interval
    p: float
    adjusted: float
    better: Literal["higher", "lower"]
    paired: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether a stands above b: its score is significantly better."""
        if math.isnan(self.adjusted):
            return "not tested"
        if self.adjusted > 1 - LEVEL:
            return "not told apart"
        return "above" if (self.value > 0) == (self.better == "higher") else "below"


def group_scores(
    task: Replicates,
    groups: Mapping[str, Sequence[str]],
    trainings: Mapping[str, str] | None = None,
) -> tuple[list[GroupScore], list[GroupDifference]]:
    """The means of groups of rows on a task, and the differences of all pairs of groups.

    Args:
        task: Scores and resampled scores of all rows.
        groups: Rows by the group's name; no row is in two groups. Rows without a finite score are
            left out, and so are groups without any.
        trainings: The training that each row is of, by row, where rows of two groups may share it:
            encoders that are read out in two ways. Groups of the same trainings are compared
            training by training. All others are taken as independent.
    """
    known = {
        name: [
            row for row in rows if row in task.models and np.isfinite(_estimates(task, [row])[0])
        ]
        for name, rows in groups.items()
    }
    known = {name: rows for name, rows in known.items() if rows}
    scores = [_score(task, name, rows) for name, rows in known.items()]
    pairs = [_difference(task, known, a, b, trainings or {}) for a, b in combinations(known, 2)]
    adjusted = holm(np.array([pair.p for pair in pairs]))
    return scores, [
        replace(pair, adjusted=float(p)) for pair, p in zip(pairs, adjusted, strict=True)
    ]


def squared_error(
    scores: Sequence[NDArray[np.float64]], covariance: NDArray[np.float64]
) -> SquaredError:
    """Of the mean of one group, or of the difference of the means of two.

    Args:
        scores: Of the rows of each group.
        covariance: Of all these rows over resampled clips, in the same order, shape (rows, rows).
    """
    sizes = [len(rows) for rows in scores]
    signs = (1.0, -1.0)[: len(sizes)]
    weights = np.concatenate([np.full(n, sign / n) for n, sign in zip(sizes, signs, strict=True)])
    ends = np.cumsum(sizes)
    training, squares, least = 0.0, 0.0, 0.0
    for rows, n, end in zip(scores, sizes, ends, strict=True):
        if n == 1:
            continue
        part = float(np.var(rows, ddof=1)) / n
        training += part
        squares += part**2 / (n - 1)
        own = covariance[end - n : end, end - n : end]
        least += float(np.trace(own) - own.sum() / n) / (n - 1) / n
    df = training**2 / squares if squares > 0 else 1.0
    together = float(weights @ covariance @ weights)
    return SquaredError(training, df, max(together - least, 0.0), least)


def mean_over_tasks(tasks: Sequence[Replicates]) -> Replicates | None:
    """The mean score over tasks as a task of its own, of the rows that have all; None without any.

    Args:
        tasks: With equal numbers of resamples and scores that can be averaged, higher ones better.
    """
    rows = [m for m in tasks[0].models if all(m in task.models for task in tasks)]
    if not rows:
        return None
    values = [task.values[_places(task, rows)] for task in tasks]
    return Replicates(
        task="mean over tasks",
        better="higher",
        models=tuple(rows),
        estimates=np.mean([_estimates(task, rows) for task in tasks], axis=0),
        values=np.mean(values, axis=0),
        drawn=sum(task.drawn for task in tasks),
    )


def _estimates(task: Replicates, rows: Sequence[str]) -> NDArray[np.float64]:
    return task.estimates[_places(task, rows)]


def _values(task: Replicates, rows: Sequence[str]) -> NDArray[np.float64]:
    return task.values[_places(task, rows), :RESAMPLES]


def _places(task: Replicates, rows: Sequence[str]) -> list[int]:
    return [task.models.index(row) for row in rows]


def _score(task: Replicates, name: str, rows: Sequence[str]) -> GroupScore:
    scores = _estimates(task, rows)
    mean, error = float(scores.mean()), _error([scores], _values(task, rows))
    if len(rows) == 1:
        return GroupScore(name, tuple(rows), mean, math.nan, task.interval(rows[0]), error)
    spread = float(scores.std(ddof=1))
    return GroupScore(name, tuple(rows), mean, spread, _interval(mean, error), error)


def _difference(
    task: Replicates,
    groups: Mapping[str, Sequence[str]],
    a: str,
    b: str,
    trainings: Mapping[str, str],
) -> GroupDifference:
    of_a, of_b = _by_training(groups[a], trainings), _by_training(groups[b], trainings)
    paired = len(of_a) > 1 and of_a.keys() == of_b.keys()
    if paired:
        pairs = list(of_a.values()), [of_b[training] for training in of_a]
        first, second = (_estimates(task, rows) for rows in pairs)
        scores = [first - second]
        with np.errstate(invalid="ignore"):  # infinite d_prime
            values = _values(task, pairs[0]) - _values(task, pairs[1])
    else:
        scores = [_estimates(task, groups[a]), _estimates(task, groups[b])]
        values = _values(task, [*groups[a], *groups[b]])
    value = float(_estimates(task, groups[a]).mean() - _estimates(task, groups[b]).mean())
    error = _error(scores, values)
    p = error.p(value) if error else math.nan
    return GroupDifference(a, b, value, _interval(value, error), p, p, task.better, paired)


def _by_training(rows: Sequence[str], trainings: Mapping[str, str]) -> dict[str, str]:
    """Rows by their training; a row whose training nobody knows is one of its own."""
    return {trainings.get(row) or f"row {row}": row for row in rows}


def _error(
    scores: Sequence[NDArray[np.float64]], values: NDArray[np.float64]
) -> SquaredError | None:
    """None where more than half of the resamples leave a row's score undefined."""
    defined = np.isfinite(values).all(axis=0)
    if defined.sum() < max(2, values.shape[1] / 2):
        return None
    return squared_error(scores, np.atleast_2d(np.cov(values[:, defined])))


def _interval(centre: float, error: SquaredError | None) -> Interval:
    if error is None:
        return Interval(math.nan, math.nan)
    half = error.half_width()
    return Interval(centre - half, centre + half)
