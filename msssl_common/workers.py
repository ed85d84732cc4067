"""Threads that work ahead, worker processes that end with their parent, and the number of cores."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from types import ModuleType
from typing import ParamSpec, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Given = ParamSpec("Given")


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


_main = threading.Lock()


@contextmanager
def main_left_out() -> Iterator[None]:
    """Processes that are spawned inside do not run the program again that calls us.

    `multiprocessing` imports it in each of them, for functions that are defined there. A script
    without ``if __name__ == "__main__"`` would do all its work once more. Ours are elsewhere.
    """
    with _main:
        program = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = program


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


class SpawnedPool(ProcessPoolExecutor):
    """Worker processes that end with their parent, and do not run the caller's script again.

    Spawned, not forked: a fork of a process in which torch has threads can hang.
    """

    def __init__(self, processes: int) -> None:
        """Start nothing yet.

        Args:
            processes: How many may work at once.
        """
        super().__init__(processes, get_context("spawn"), exit_with_parent)

    def submit(
        self, fn: Callable[Given, Value], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Value]:
        """Give out a job; where a process is missing, it is started here."""
        with main_left_out():
            return super().submit(fn, *args, **kwargs)


def usable_cores() -> int:
    """Cores that this process may use, where the system says so; else those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
