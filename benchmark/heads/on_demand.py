"""Items that are made when they are asked for, so that only one of them is in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

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
