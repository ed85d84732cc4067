"""Run as a script: embeds a task again and again, killed at every step on the way.

Arguments: task folder, module, results folder. The processes are forked here rather than in pytest:
this one is small, has no threads, and has imported everything.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmark.embeddings import embed as embed_split
from benchmark.embeddings import partial_split
from benchmark.embeddings.cache import CacheEntry
from benchmark.embeddings.embed import embed_task
from benchmark.embeddings.npy_writer import NpyWriter
from benchmark.models.hear_module import load_hear_module
from benchmark.tasks.task import read_task
from msssl_common import locks as file_lock


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_rename(number: int) -> None:
    """Die before the file of that number gets its name."""
    rename, left = os.replace, [number]

    def replace(*paths: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            die()
        rename(*paths)

    os.replace = replace  # type: ignore[assignment]


def die_at_rows(number: int) -> None:
    """Die when half of the rows of that number are written."""
    append, left = NpyWriter.append, [number]

    def half(self: NpyWriter, rows: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            append(self, rows[: len(rows) // 2])
            die()
        append(self, rows)

    NpyWriter.append = half  # type: ignore[method-assign]


def embed(cache: Path, prepare: Callable[[], None] = lambda: None) -> int:
    """Embed in a new process; returns its id. It writes how many clips it embedded."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.environ["MSBENCH_CACHE"] = str(cache)
        prepare()
        embed_task(hear, task, CacheEntry.of("module", "task", {}))
        (cache / "embedded").write_text(str(getattr(hear.model, "calls", 0)))
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_everywhere(name: str, die_at: Callable[[int], None]) -> None:
    """Kill a run at its first, second, ... step and let another one go on."""
    for number in range(1000):
        cache = results / f"{name}-{number}"
        status = wait(embed(cache, lambda n=number: die_at(n)))  # type: ignore[misc]
        if status == 0:  # it has no more steps
            assert number > 5
            return
        assert status == -signal.SIGKILL, status
        assert wait(embed(cache)) == 0


def without_locks() -> None:
    file_lock.fcntl = None  # type: ignore[assignment]


def slowly() -> None:
    call = type(hear).timestamps

    def timestamps(*arguments: Any) -> Any:
        time.sleep(0.02)
        return call(*arguments)

    type(hear).timestamps = timestamps  # type: ignore[method-assign]


def two_at_once(name: str, prepare: Callable[[], None]) -> None:
    children = [embed(results / name, prepare) for _ in range(2)]
    assert [wait(child) for child in children] == [0, 0]


if __name__ == "__main__":
    torch.set_num_threads(1)
    task, hear = read_task(Path(sys.argv[1])), load_hear_module(sys.argv[2])
    results = Path(sys.argv[3])
    embed_split.CHUNK_SECONDS = 0.01  # a clip each
    partial_split.JOURNAL_SECONDS = 0.0
    assert wait(embed(results / "whole")) == 0
    two_at_once("two-with-locks", slowly)
    two_at_once("two-without-locks", lambda: (without_locks(), slowly())[1])
    kill_everywhere("rename", die_at_rename)
    kill_everywhere("rows", die_at_rows)
