"""One number over tasks: HEAR's normalised score, and beside it the mean rank.

Normalised score: a task's scores are standardised over the models (mean 0, standard deviation 1,
ddof 0), turned so that more is better, clamped to [-1, 1], and averaged over tasks. It tells where
a model stands among those of the table, and changes with them.

Source: hearbenchmark/hear-leaderboard, leaderboard.py (StandardScaler, clip(-1, +1), mean), behind
the figures of Turian et al., "HEAR: Holistic Evaluation of Audio Representations", 2022
(arXiv 2203.03022). One thing differs: HEAR fills blanks with imputed scores; here a model that
lacks a task's score has no overall score, and is not part of the standardisation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.scores.ranking import average_ranks
from benchmark.statistics.bootstrap import Interval, Replicates, percentile_interval

AT_ONCE = 2048  # resamples: 40 models' scores of all of them on 19 tasks would take 300 MB


class Overall(NamedTuple):
    """A model's standing over all tasks.

    Attributes:
        model: Name.
        normalised: HEAR's normalised score, in [-1, 1].
        normalised_interval: Its 95 % interval.
        mean_rank: Mean over tasks of the rank, from 1; equal scores share their mean rank.
        mean_rank_interval: Its 95 % interval.
    """

    model: str
    normalised: float
    normalised_interval: Interval
    mean_rank: float
    mean_rank_interval: Interval


def overall_scores(tasks: Sequence[Replicates]) -> list[Overall]:
    """Overall scores of the models that have a finite score in every task, best first.

    A resample of the whole is one resample of every task; models are standardised and ranked anew
    in each. An undefined score in a resample (no events drawn) counts as the worst.

    Args:
        tasks: With equal numbers of resamples. A row of equal ``values`` is a score without
            predictions (a published one): it is ranked, and taken as exact.
    """
    models = _complete_models(tasks)
    if not models:
        return []
    places = [
        (1.0 if task.better == "higher" else -1.0, [task.models.index(model) for model in models])
        for task in tasks
    ]
    normalised, ranks = _means(
        sign * task.estimates[rows, None] for task, (sign, rows) in zip(tasks, places, strict=True)
    )
    blocks = [
        _means(
            sign * task.values[rows, start : start + AT_ONCE]
            for task, (sign, rows) in zip(tasks, places, strict=True)
        )
        for start in range(0, tasks[0].values.shape[1], AT_ONCE)
    ]
    normalised_values, rank_values = (
        np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True)
    )
    overall = [
        Overall(
            model,
            float(normalised[row, 0]),
            percentile_interval(normalised_values[row]),
            float(ranks[row, 0]),
            percentile_interval(rank_values[row]),
        )
        for row, model in enumerate(models)
    ]
    return sorted(overall, key=lambda entry: -entry.normalised)


def normalised_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standardise over models and clamp.

    Args:
        scores: More is better, shape (models, resamples). NaN counts as minus infinity.

    Returns:
        In [-1, 1], same shape; 0 where all models are equal, as scikit-learn's StandardScaler has.
    """
    finite = np.isfinite(scores)
    known = np.where(finite, scores, 0.0)
    count = np.maximum(finite.sum(axis=0), 1)
    mean = known.sum(axis=0) / count
    std = np.sqrt((np.where(finite, known - mean, 0.0) ** 2).sum(axis=0) / count)
    # Rounding alone must not pass for a spread.
    flat = std <= 1e-12 * np.maximum(np.abs(mean), 1e-12)
    z = np.where(flat, 0.0, (known - mean) / np.where(flat, 1.0, std))
    z = np.where(finite, z, np.where(scores == np.inf, 1.0, -1.0))
    return np.clip(z, -1.0, 1.0)


def model_ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank of each model, 1 for the best, means among equals; arguments as above."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    return average_ranks(-known)


def _means(
    tasks: Iterable[NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normalised scores and ranks, means over tasks."""
    normalised, ranks = zip(
        *((normalised_scores(task), model_ranks(task)) for task in tasks), strict=True
    )
    count = len(normalised)
    return np.asarray(sum(normalised) / count), np.asarray(sum(ranks) / count)


def _complete_models(tasks: Sequence[Replicates]) -> list[str]:
    if not tasks:
        return []
    scored = [set(np.array(task.models)[np.isfinite(task.estimates)]) for task in tasks]
    return [model for model in tasks[0].models if all(model in names for names in scored)]
