"""Commands in forks of one process that has imported everything and has no threads.

Importing torch takes seconds, and a hundred kills of a dozen stages would be an hour of imports.
The parent must stay without threads: none of torch's, none of a server.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LONGEST = 120.0  # seconds that any run may take
LOG = ".log"


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        code: Exit status; minus the signal of a run that was killed.
        output: What it printed, both streams.
        seconds: How long it took.
    """

    code: int
    output: str
    seconds: float


def start(
    words: tuple[str, ...], place: Path, log: Path, before: Callable[[], None] = lambda: None
) -> int:
    """Start a command in a process group of its own; returns its id."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        with suppress(OSError):  # either of us is first
            os.setpgid(child, child)
        return child
    status = 1
    try:
        os.setpgid(0, 0)
        os.chdir(place)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.environ["MSBENCH_CACHE"] = "cache"
        before()
        status = call(words)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def call(words: tuple[str, ...]) -> int:
    """Run a command of ours as its console script does; returns the exit status."""
    from benchmark.cli import main as msbench
    from pretrain.cli import main as mspretrain

    program, *arguments = words
    sys.argv = [program, *arguments]
    try:
        {"msbench": msbench, "mspretrain": mspretrain}[program](arguments, program)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def ended_within(child: int, seconds: float) -> bool:
    """Wait for a process to end, but not longer."""
    descriptor = os.pidfd_open(child)
    try:
        return bool(select.select([descriptor], [], [], max(0.0, seconds))[0])
    finally:
        os.close(descriptor)


def kill(child: int) -> None:
    """Kill -9 a process and all of its group."""
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            end(child, signal.SIGKILL)


def reap(child: int) -> int:
    """Exit status of a process that has ended, and the end of what is left of its group."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return code


def group_ends(group: int) -> bool:
    """Wait until no process of a group is left but for zombies; whether that came in time."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        states = []
        for process in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it ended meanwhile
                state, _, its_group = process.read_text().rpartition(")")[2].split()[:3]
                states += [state] * (int(its_group) == group)
        if all(state == "Z" for state in states):
            return True
        time.sleep(0.02)
    return False


def keep_small() -> None:
    """What there is now is not looked at by the garbage collectors of forks, and so not copied."""
    gc.collect()
    gc.freeze()


def workers_by_fork() -> None:
    """Fork this process, which has no threads, in place of interpreters that are started."""
    from multiprocessing import get_context

    from msssl_common import workers

    workers.get_context = lambda how: get_context("fork")  # type: ignore[attr-defined]
