"""Embeddings of several splits as one array of rows that stays in its files.

The cache maps its files into memory. A batch is read when it is needed, and the system may drop it
again: 50 hours at 25 frames of 512 numbers a second are 9 GB, which need not fit. Of items that are
made on demand, only one is in memory.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# numpy's arrays begin at multiples of it, and matrix products may round by where rows begin.
ALIGNMENT = 16  # bytes


class StoredEmbeddings:
    """Rows of several arrays, read slice by slice. Never write to what is read.

    Args:
        arrays: float32 or float16, each of shape (rows, size).
    """

    def __init__(self, arrays: Sequence[NDArray[np.floating]]) -> None:
        self._arrays = list(arrays)
        self._ends = list(accumulate(len(array) for array in self._arrays))

    def __len__(self) -> int:
        return self._ends[-1]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, and size of an embedding."""
        return len(self), self._arrays[0].shape[1]

    def __getitem__(self, rows: slice) -> Tensor:
        """Consecutive rows, float32, shape (rows, size): a view wherever that will do."""
        start, stop, step = rows.indices(len(self))
        if step != 1:
            raise ValueError(f"Rows are read one after the other, not in steps of {step}.")
        pieces = []
        for array, end in zip(self._arrays, self._ends, strict=True):
            first = end - len(array)
            piece = array[max(0, start - first) : max(0, stop - first)]
            if len(piece):
                pieces.append(_tensor(piece))
        if not pieces:
            return torch.empty(0, self.shape[1])
        joined = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        return joined if joined.data_ptr() % ALIGNMENT == 0 else joined.clone()


def _tensor(array: NDArray[np.floating]) -> Tensor:
    with warnings.catch_warnings():
        # Maps of files are read-only, and nobody writes to embeddings.
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(array)).float()


T = TypeVar("T")


class OnDemand(Sequence[T]):
    """A sequence whose items are made anew each time.

    Args:
        count: Number of items.
        make: Makes one, given its index from 0 on.
    """

    def __init__(self, count: int, make: Callable[[int], T]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        places = range(self._count)[index]  # raises IndexError, which ends a loop
        if isinstance(places, range):
            return [self._make(place) for place in places]
        return self._make(places)
