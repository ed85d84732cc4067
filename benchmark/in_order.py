"""Work on threads a little ahead of whoever takes its results, which come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def in_order(
    job: Callable[[Key], Value], keys: Iterable[Key], threads: int, ahead: int
) -> Generator[tuple[Key, Value], None, None]:
    """Each key with its result, in the keys' order; what nobody takes any more is cancelled.

    Args:
        job: Runs on a thread.
        keys: Taken one by one, never more than ``ahead`` beyond the result that is given out.
        threads: Jobs at a time.
        ahead: Results and jobs that may wait.
    """
    pending: deque[tuple[Key, Future[Value]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for key in keys:
                pending.append((key, pool.submit(job, key)))
                if len(pending) > ahead:
                    first, result = pending.popleft()
                    yield first, result.result()
            while pending:
                first, result = pending.popleft()
                yield first, result.result()
        finally:
            for _, result in pending:
                result.cancel()
