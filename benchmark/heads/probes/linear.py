"""A linear probe: logistic regression on standardised embeddings."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch import Tensor

from benchmark.heads.lazy_rows import StoredEmbeddings

CS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # scikit-learn's C: weight of the summed loss
MAX_ITERATIONS = 1000  # of L-BFGS; the end is good enough wherever it is
ABSENT = -100.0  # logit of a class without training rows: its probability is 0, its loss finite
ROWS = 4096  # read at once


@dataclass(frozen=True)
class LinearProbe:
    """Logits ``((embedding - mean) / deviation) @ weight + bias``.

    Attributes:
        mean: Of the training rows, shape (size,).
        deviation: Their standard deviation (ddof 0); 1 where it is 0.
        weight: Shape (size, classes).
        bias: Shape (classes,).
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]

    def logits(self, embeddings: StoredEmbeddings) -> Tensor:
        """Logits of all rows, float32, shape (rows, classes)."""
        parts = []
        for start in range(0, len(embeddings), ROWS):
            rows = embeddings[start : start + ROWS].numpy().astype(np.float64)
            parts.append((rows - self.mean) / self.deviation @ self.weight + self.bias)
        return torch.from_numpy(np.concatenate(parts).astype(np.float32))


def linear_probes(
    embeddings: NDArray[np.floating],
    targets: NDArray[np.float32],
    multiclass: bool,
    cs: Sequence[float] = CS,
) -> Iterator[tuple[float, LinearProbe]]:
    """Fit a probe for every C, from strong to weak regularisation.

    A multiclass probe is one multinomial regression; a multilabel one is a binary regression per
    class. Each starts where the one before ended. Nothing is drawn at random.

    Args:
        embeddings: Training rows, shape (rows, size).
        targets: Multi-hot, shape (rows, classes).
        multiclass: Whether each row has exactly one class.
        cs: Values of C, ascending.

    Yields:
        C and the probe.
    """
    rows = embeddings.astype(np.float64)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    deviation[deviation == 0] = 1.0
    rows -= mean
    rows /= deviation
    if multiclass:
        problems = [targets.argmax(axis=1)]
    else:
        problems = [targets[:, column] > 0 for column in range(targets.shape[1])]
    models = [LogisticRegression(max_iter=MAX_ITERATIONS, warm_start=True) for _ in problems]
    for c in cs:
        weight = np.zeros((rows.shape[1], targets.shape[1]))
        bias = np.full(targets.shape[1], ABSENT)
        for column, (model, problem) in enumerate(zip(models, problems, strict=True)):
            classes, weights, biases = _fitted(model.set_params(C=c), rows, problem)
            places = classes if multiclass else [column]
            weight[:, places], bias[places] = weights, biases
        yield c, LinearProbe(mean, deviation, weight, bias)


def _fitted(
    model: LogisticRegression, rows: NDArray[np.float64], labels: NDArray[np.generic]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Classes, weights of shape (size, classes) and biases of a regression.

    Of two labels, true and false, only that of true has weights.
    """
    classes = np.unique(labels)
    binary = labels.dtype == bool
    if len(classes) == 1:  # nothing to learn: always this class, or never
        bias = -ABSENT if classes[0] else ABSENT
        return classes, np.zeros((rows.shape[1], 1)), np.array([bias if binary else 0.0])
    # On one thread: on many, small products cost ten times as much where cores are shared, and the
    # sums depend on their number.
    with threadpool_limits(1), warnings.catch_warnings():
        # Of an end before convergence, and of classes that have few rows.
        warnings.simplefilter("ignore", UserWarning)
        model.fit(rows, labels)
    weights, biases = model.coef_.T, model.intercept_
    if len(classes) == 2 and not binary:  # scikit-learn's logit of the second against the first
        weights = np.concatenate([np.zeros_like(weights), weights], axis=1)
        biases = np.array([0.0, biases[0]])
    return classes, weights, biases
