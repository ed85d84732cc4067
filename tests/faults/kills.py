"""Kill -9 at random moments and file operations; then the same command, to its end."""

from __future__ import annotations

import os
import random
import shutil
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.faults.content import broken, content, difference
from tests.faults.forked import LONGEST, Ended, ended_within, group_ends, kill, reap, start
from tests.faults.stage import Stage

UNDISTURBED = 2  # runs that must agree before any is killed
CHAINED = 0.25  # share of re-runs that are killed, too
ONLY_THE_FIRST = 0.3  # share of kills that spare a stage's worker processes
CHANGES = {f"os.{name}" for name in ("rename", "remove", "mkdir", "rmdir", "truncate", "link")}

How = Literal["moment", "operation"]


@dataclass
class Tally:
    """What became of a stage's trials.

    Attributes:
        stage: Its name.
        seconds: Of an undisturbed run.
        operations: Files made, renamed or removed by one.
        trials: Runs that were killed at least once.
        kills: In all of them.
        at_operations: Trials whose kills were at file operations, the others at moments.
        survived: Trials after which all was as undisturbed.
        faults: What was wrong with the others.
    """

    stage: str
    seconds: float = 0.0
    operations: int = 0
    trials: int = 0
    kills: int = 0
    at_operations: int = 0
    survived: int = 0
    faults: list[str] = field(default_factory=list)


class Killing:
    """Trials of one stage.

    Args:
        stage: The stage.
        work: Folder for its places.
        seed: Of the moments.
    """

    def __init__(self, stage: Stage, work: Path, seed: int) -> None:
        self.stage = stage
        self.work = work / stage.name.replace(" ", "-").replace(":", "").replace(",", "")
        self.random = random.Random(f"{stage.name} {seed}")
        self.tally = Tally(stage.name)
        shutil.rmtree(self.work, ignore_errors=True)
        self.template = self.work / "template"
        self.template.mkdir(parents=True)
        stage.begin(self.template)
        self.expected = self._undisturbed()

    def trials(self, number: int, how: How) -> None:
        """Kill that many runs, and count what became of them."""
        done = attempts = 0
        while done < number:
            attempts += 1
            assert attempts < 10 * number + 20, f"{self.stage.name}: too short to be killed"
            place = self.place(f"{how}-{done}")
            kills, fault = self._trial(place, how)
            if kills:
                done += 1
                self.tally.trials += 1
                self.tally.kills += kills
                self.tally.at_operations += how == "operation"
                self.tally.survived += not fault
            if fault:
                self.tally.faults.append(f"{place.name}: {fault}")
            else:
                shutil.rmtree(place)

    def place(self, name: str) -> Path:
        """A new folder with what the command starts from."""
        place = self.work / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.template, place)
        return place

    def started(self, place: Path, again: bool, before: Any = lambda: None) -> int:
        """Start the command, for the first time or again."""
        words = self.stage.command + (self.stage.again if again else ())

        def prepare() -> None:
            self.stage.in_child()
            before()

        return start(words, place, self.log(place), prepare)

    def to_the_end(self, place: Path, again: bool, before: Any = lambda: None) -> Ended:
        """Run the command until it ends by itself."""
        started = time.monotonic()
        child = self.started(place, again, before)
        if not ended_within(child, LONGEST):
            kill(child)
        code = reap(child)
        output = self.log(place).read_text(errors="replace")
        return Ended(code, output, time.monotonic() - started)

    def wrong(self, place: Path, ended: Ended) -> str:
        """What is wrong with a run that should have ended as an undisturbed one; "" if nothing."""
        here = bool(self.stage.once) and self.stage.once in ended.output
        if ended.code and not here:
            return f"exit status {ended.code}: {ended.output.strip()[-300:]}"
        if "Traceback" in ended.output:
            return f"a traceback: {ended.output.strip()[-300:]}"
        return difference(content(place, self.stage.outputs), self.expected)

    def _undisturbed(self) -> dict[str, object]:
        runs = []
        for number in range(UNDISTURBED):
            place = self.place(f"undisturbed-{number}")
            counted = self.work / "operations"
            ended = self.to_the_end(place, False, lambda c=counted: _count_operations(c))
            assert ended.code == 0, f"{self.stage.name}: {ended.output}"
            self.tally.operations = counted.stat().st_size
            counted.unlink()
            runs.append(ended.seconds)
        self.tally.seconds = statistics.median(runs)
        places = [self.work / f"undisturbed-{number}" for number in range(UNDISTURBED)]
        first, *others = [content(each, self.stage.outputs) for each in places]
        for other in others:
            assert not (found := difference(other, first)), f"{self.stage.name}: {found}"
        assert not (found := broken(place, self.stage.outputs)), found
        return first

    def _trial(self, place: Path, how: How) -> tuple[int, str]:
        """Number of kills, and what was wrong after the last run; "" if nothing."""
        kills = 0
        while True:
            again = kills > 0
            last = again and self.random.random() >= CHAINED
            if last:
                break
            if not self._killed(place, again, how):
                break
            kills += 1
            if found := broken(place, self.stage.outputs):
                return kills, f"after the kill: {found}"
        if not kills:
            return 0, ""
        return kills, self.wrong(place, self.to_the_end(place, again=True))

    def _killed(self, place: Path, again: bool, how: How) -> bool:
        """Run and kill; whether the kill came before the end."""
        if how == "operation":
            at = self.random.randrange(self.tally.operations)
            child = self.started(place, again, lambda: _die_at_operation(at))
            assert ended_within(child, LONGEST), f"{self.stage.name} hangs"
            return reap(child) == -9
        child = self.started(place, again)
        if ended_within(child, self.random.uniform(0, self.tally.seconds)):
            reap(child)
            return False
        if self.stage.workers and self.random.random() < ONLY_THE_FIRST:
            os.kill(child, 9)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            # Forked, unlike real ones, they inherit the locks of the dead.
            assert group_ends(child), f"{self.stage.name}: workers outlive the first process"
        else:
            kill(child)
            code = reap(child)
        return code == -9

    def log(self, place: Path) -> Path:
        """File that takes what a command prints there."""
        return place.with_name(f"{place.name}.log")


def _is_change(event: str, arguments: Any) -> bool:
    if event != "open":
        return event in CHANGES
    path, _, flags = arguments
    return isinstance(path, str) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _count_operations(into: Path) -> None:
    descriptor = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    first = os.getpid()

    def hook(event: str, arguments: Any) -> None:
        if _is_change(event, arguments) and os.getpid() == first:
            os.write(descriptor, b".")

    sys.addaudithook(hook)


def _die_at_operation(number: int) -> None:
    """Die before the file operation of that number."""
    left, first = [number], os.getpid()

    def hook(event: str, arguments: Any) -> None:
        if _is_change(event, arguments) and os.getpid() == first:
            left[0] -= 1
            if left[0] < 0:
                os.killpg(first, 9)

    sys.addaudithook(hook)
