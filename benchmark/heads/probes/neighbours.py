"""Nearest neighbours: the labels of the training clips that are most alike by cosine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from benchmark.heads.lazy_rows import StoredEmbeddings

KS = (1, 2, 4, 8, 16, 32)  # neighbours; those beyond the training rows are left out
ROWS = 1024  # looked up at once


class Neighbours:
    """Training rows to look up.

    Args:
        embeddings: Training rows, shape (rows, size).
        targets: Multi-hot, shape (rows, classes).
        multiclass: Whether each row has exactly one class.
        ks: Numbers of neighbours, ascending, none larger than that of the rows.
    """

    def __init__(
        self,
        embeddings: NDArray[np.floating],
        targets: NDArray[np.float32],
        multiclass: bool,
        ks: Sequence[int],
    ) -> None:
        self._targets = targets.astype(np.float64)
        self._multiclass = multiclass
        self._ks = ks
        self._index = NearestNeighbors(n_neighbors=ks[-1], metric="cosine")
        self._index.fit(embeddings.astype(np.float64))

    def logits(self, embeddings: StoredEmbeddings) -> Iterator[tuple[int, Tensor]]:
        """Logits of all rows for every number of neighbours.

        A class's probability is its share of the neighbours, smoothed so that none is 0: with k
        neighbours and n classes ``(votes + 1 / n) / (k + 1)``, multilabel
        ``(votes + 1 / 2) / (k + 1)`` (additive smoothing). That changes the order of no two.

        Yields:
            The number, and float32 of shape (rows, classes).
        """
        near = self._near(embeddings)
        for k in self._ks:
            yield k, self._logits(near, k)

    def logits_of(self, embeddings: StoredEmbeddings, k: int) -> Tensor:
        """Logits of all rows for one number of neighbours."""
        return self._logits(self._near(embeddings), k)

    def _near(self, embeddings: StoredEmbeddings) -> NDArray[np.int64]:
        """Indices of training rows, the nearest first, shape (rows, largest k)."""
        near: NDArray[np.int64] = np.concatenate(
            [
                self._index.kneighbors(
                    embeddings[start : start + ROWS].numpy().astype(np.float64),
                    return_distance=False,
                )
                for start in range(0, len(embeddings), ROWS)
            ]
        )
        return near

    def _logits(self, near: NDArray[np.int64], k: int) -> Tensor:
        prior = 1 / self._targets.shape[1] if self._multiclass else 0.5
        votes = self._targets[near[:, :k]].sum(axis=1)
        share = (votes + prior) / (k + 1)
        logits = np.log(share) if self._multiclass else np.log(share / (1 - share))
        return torch.from_numpy(logits.astype(np.float32))
