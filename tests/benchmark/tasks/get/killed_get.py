"""Run as a script: gets a task again and again, killed at every step on the way.

Arguments: the URL of a Zenodo (see ``hostile_server.py``), a folder to work in. Prints, for each
step, how many bytes the second, undisturbed run fetched, and how many clips it made.
"""

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmark.tasks.get import get_task as build
from benchmark.tasks.get import origin as zenodo
from benchmark.tasks.get.get_task import TaskDownload
from msssl_common import download as receive
from tests.benchmark.tasks.get.archives import FOLDER

steps_left: list[int] = []
counts = {"bytes": 0, "clips": 0}


def step() -> None:
    """Die here, if this is the step to die at."""
    if steps_left:
        steps_left[0] -= 1
        if steps_left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def dying(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function before which one may die."""

    def called(*arguments: Any, **names: Any) -> Any:
        step()
        return function(*arguments, **names)

    return called


def write_in_halves(file: Any, block: bytes, path: Path) -> None:
    """Write a block of a download; one may die with half of it written."""
    file.write(block[: len(block) // 2])
    file.flush()
    step()
    file.write(block[len(block) // 2 :])
    counts["bytes"] += len(block)


def count_clips(function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any) -> Any:
        counts["clips"] += 1
        return function(*arguments)

    return called


def get(to: Path, die_at: int | None) -> int:
    """Get the task in a new process; returns its wait status."""
    child = os.fork()
    if not child:
        if die_at is not None:
            steps_left.append(die_at)
        TaskDownload(to, 16000, Console(file=io.StringIO())).get(FOLDER)
        if die_at is None:
            print(counts["bytes"], counts["clips"], flush=True)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main() -> None:
    zenodo.API = sys.argv[1]  # type: ignore[misc]
    work = Path(sys.argv[2])
    receive.BLOCK = 2000  # type: ignore[misc]
    receive._write = write_in_halves
    build.resample_clip = count_clips(build.resample_clip)
    os.replace, Path.rename = dying(os.replace), dying(Path.rename)  # type: ignore[assignment]
    shutil.rmtree = dying(shutil.rmtree)
    get(work / "undisturbed", None)
    number = 0
    while get(work / str(number), number):  # until it lives
        get(work / str(number), None)
        number += 1


if __name__ == "__main__":
    main()
