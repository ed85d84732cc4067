"""Stages on a machine that fails: a sentence, nothing half written, and the re-run is whole."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmark.tasks.get.archives import FOLDER
from tests.faults.content import broken
from tests.faults.forked import LONGEST, Ended, ended_within, kill, reap
from tests.faults.greed import GREEDY
from tests.faults.kills import Killing
from tests.faults.machine import (
    leave_room,
    like_other_users,
    make_room,
    only_small_files,
    read_only,
    small_disk,
    without_rights,
)

LOGGED = 6000  # bytes: more than a command prints, which goes into a file, too
HALF_WRITTEN = re.compile(r"^\..*\.(\d+|[0-9a-f]{12})\.part$")  # of `write_bytes` and its like
SAYS = re.compile(rf"^Error: |failed: |^{FOLDER}: ")


@dataclass
class Outcome:
    """What became of a stage under a fault.

    Attributes:
        stage: Its name.
        fault: The fault's.
        trials: How often.
        struck: In how many of them the command ended with a sentence; the others were done before
            the fault, or did without what it took.
        survived: In how many all was as it should be.
        sentence: What was said, once.
        faults: What was wrong with the others.
    """

    stage: str
    fault: str
    trials: int = 0
    struck: int = 0
    survived: int = 0
    sentence: str = ""
    faults: list[str] = field(default_factory=list)


Run = Callable[[Killing, Path, int], Ended]
"""Runs a stage in a place under a fault, trial number so and so."""


@contextmanager
def _renamed(path: Path) -> Iterator[None]:
    gone = path.with_name(f"{path.name}.gone")
    path.rename(gone)
    try:
        yield
    finally:
        gone.rename(path)


def _full(killing: Killing, place: Path, number: int) -> Ended:
    """A disk with room for a random part of what the stage writes."""
    leave_room(place, int(killing.random.uniform(0, _size(killing))))
    try:
        return killing.to_the_end(place, again=False)
    finally:
        make_room(place)


def _small_files(killing: Killing, place: Path, number: int) -> Ended:
    sizes = sorted({size for size in _sizes(killing) if size > LOGGED})
    limit = killing.random.choice(sizes) - 100
    return killing.to_the_end(place, False, lambda: only_small_files(limit))


def _barred(bar: Callable[[Path], AbstractContextManager[None]], before: Callable[[], None]) -> Run:
    def run(killing: Killing, place: Path, number: int) -> Ended:
        outputs = killing.stage.outputs
        with bar(place / outputs[number % len(outputs)]):
            return killing.to_the_end(place, False, before)

    return run


def _taken(which: str) -> Run:
    """The folder that is read, or a file in it, is gone from a random moment on."""

    def run(killing: Killing, place: Path, number: int) -> Ended:
        path = place / str(getattr(killing.stage, which))
        started = time.monotonic()
        child = killing.started(place, again=False)
        with ExitStack() as stack:
            early = killing.random.random() ** 3  # what is read once is read first
            if not ended_within(child, early * killing.tally.seconds):
                stack.enter_context(_renamed(path))
            return _ended(killing, child, place, started)

    return run


def _worker_killed(killing: Killing, place: Path, number: int) -> Ended:
    """One of the processes that work for the stage is killed as soon as it is there."""
    started = time.monotonic()
    child = killing.started(place, again=False)
    wait = killing.random.uniform(0, 0.5) * killing.tally.seconds
    while not ended_within(child, 0.005):
        if time.monotonic() - started < wait:
            continue
        if workers := _children(child):
            with suppress(ProcessLookupError):
                os.kill(killing.random.choice(workers), signal.SIGKILL)
            break
    return _ended(killing, child, place, started)


def _greedy(killing: Killing, place: Path, number: int) -> Ended:
    return killing.to_the_end(place, False, GREEDY[killing.stage.name])


FAULTS: dict[str, tuple[Run, int]] = {
    "disk full": (_full, 4),
    "file size limit": (_small_files, 2),
    "output read-only": (_barred(read_only, lambda: None), 2),
    "no permission": (_barred(without_rights, like_other_users), 2),
    "data folder vanishes": (_taken("inputs"), 4),
    "audio file vanishes": (_taken("clip"), 4),
    "worker killed": (_worker_killed, 4),
    "out of memory": (_greedy, 1),
}
NEEDS_ROOT = {"disk full", "output read-only"}


def applies(killing: Killing, fault: str) -> bool:
    """Whether a stage can have a fault."""
    stage = killing.stage
    has = {
        "data folder vanishes": bool(stage.inputs),
        "audio file vanishes": bool(stage.clip),
        "file size limit": max(_sizes(killing)) > LOGGED,
        "worker killed": stage.workers,
        "out of memory": stage.name in GREEDY,
    }
    return has.get(fault, True)


def suffer(killing: Killing, fault: str) -> Outcome:
    """A stage under a fault, several times."""
    run, trials = FAULTS[fault]
    outcome = Outcome(killing.stage.name, fault)
    for number in range(trials):
        with ExitStack() as stack:
            place = killing.work / f"{fault.replace(' ', '-')}-{number}"
            shutil.rmtree(place, ignore_errors=True)
            if fault == "disk full":
                stack.enter_context(small_disk(place))
            shutil.copytree(killing.template, place, dirs_exist_ok=True)
            ended = run(killing, place, number)
            wrong = _judged(killing, place, ended, outcome)
        outcome.trials += 1
        outcome.struck += ended.code != 0
        outcome.survived += not wrong
        if wrong:
            outcome.faults.append(f"{place.name}: {wrong}")
    return outcome


def _judged(killing: Killing, place: Path, ended: Ended, outcome: Outcome) -> str:
    """What is wrong with what the command said and left, and with its re-run; "" if nothing."""
    if "Traceback" in ended.output or ended.code < 0:
        return f"status {ended.code}: {ended.output.strip()[-600:]}"
    if ended.code:
        said = [line.strip() for line in ended.output.splitlines() if SAYS.search(line)]
        if not said:
            return f"no sentence: {ended.output.strip()[-600:]}"
        outcome.sentence = " ".join(said[-1].split())
    if found := broken(place, killing.stage.outputs):
        return found
    for path in place.rglob("*.part"):
        visible = not any(part.startswith(".") for part in path.relative_to(place).parts)
        if path.is_file() and (visible or HALF_WRITTEN.match(path.name)):
            return f"half written: {path.name}"
    return killing.wrong(place, killing.to_the_end(place, again=True))


def _ended(killing: Killing, child: int, place: Path, started: float) -> Ended:
    if not ended_within(child, LONGEST):
        kill(child)
    output = killing.log(place)
    return Ended(reap(child), output.read_text(errors="replace"), time.monotonic() - started)


def _children(process: int) -> list[int]:
    with suppress(OSError):
        text = "".join(p.read_text() for p in Path(f"/proc/{process}/task").glob("*/children"))
        return [int(word) for word in text.split()]
    return []


def _sizes(killing: Killing) -> list[int]:
    whole = killing.work / "undisturbed-0"
    files = [p for folder in killing.stage.outputs for p in (whole / folder).rglob("*")]
    return [path.stat().st_size for path in files if path.is_file()]


def _size(killing: Killing) -> int:
    """Bytes that the stage writes, in whole pages."""
    return sum(4096 * (1 + size // 4096) for size in _sizes(killing))
