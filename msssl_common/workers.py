"""Threads that work ahead, worker processes that end with their parent, and the number of cores."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import parent_process
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def map_ahead(
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


def exit_with_parent() -> None:
    """Let a worker leave Ctrl-C to its parent, and end when that was killed, not wait for ever.

    An initialiser for ``ProcessPoolExecutor``: workers wait on a pipe that they hold open
    themselves, and would outlive kill -9.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        if parent := parent_process():
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def usable_cores() -> int:
    """Cores that this process may use, where the system says so; else those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
