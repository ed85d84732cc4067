"""The 19 HEAR tasks: facts that ship with the package, and the names by which users call them.

No download is needed to list them. Sources of the facts: ``hear_tasks.csv``.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeVar, cast

from benchmark.tasks.catalogue.more_tasks import more_tasks
from benchmark.tasks.task import Family

FILE: Final = Path(__file__).with_name("hear_tasks.csv")
Value = TypeVar("Value")


@dataclass(frozen=True)
class HearTask:
    """What is known of a HEAR task.

    Attributes:
        name: Short name, e.g. ``"nsynth_pitch_5h"``.
        title: Name on hearbenchmark.com, e.g. ``"NSynth Pitch 5hr"``.
        task: Its name in the leaderboard's columns: the task folder's, ``{name}-{version}-{mode}``.
        folders: Task folders that it is made of: its own, or the two of ``beehive_states``.
        kind: Column group of the leaderboard.
        classes: Number of labels; None where no source states it, as below.
        clips: Number of clips, over all splits.
        folds: Number of folds; 1 for train, valid and test.
        seconds: Length of every clip; None where clips differ in length.
        metric: Name of the first score.
        licence: Licence of the data set that the audio is from.
        data_set: Page of that data set.
    """

    name: str
    title: str
    task: str
    folders: tuple[str, ...]
    kind: Family
    classes: int | None
    clips: int | None
    folds: int
    seconds: float | None
    metric: str
    licence: str | None
    data_set: str

    @property
    def hours(self) -> float | None:
        """Length of all clips."""
        if self.clips is None or self.seconds is None:
            return None
        return self.clips * self.seconds / 3600


@cache
def hear_tasks() -> tuple[HearTask, ...]:
    """The tasks, sorted by short name."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        tasks = [_task(row) for row in rows]
    return tuple(sorted(tasks, key=lambda task: task.name))


def _task(row: dict[str, str]) -> HearTask:
    return HearTask(
        name=row["name"],
        title=row["title"],
        task=row["task"],
        folders=tuple(row["folders"].split()) or (row["task"],),
        kind=cast(Family, row["kind"]),
        classes=_optional(row["classes"], int),
        clips=_optional(row["clips"], int),
        folds=int(row["folds"]),
        seconds=_optional(row["seconds"], float),
        metric=row["metric"],
        licence=row["licence"] or None,
        data_set=row["data_set"],
    )


def _optional(text: str, read: Callable[[str], Value]) -> Value | None:
    return read(text) if text else None


CLOSE = 0.5  # difflib's ratio from which a name is worth suggesting


def folders_called(name: str) -> tuple[str, ...]:
    """The task folders that a name stands for.

    A task is called by its short name (``esc50``), its name in the leaderboard
    (``esc50-v2.0.0-full``) or its title there (``ESC-50``); case, spaces and punctuation do not
    matter. A folder's own name stands for that folder alone.

    Raises:
        ValueError: No task is called so, or several are (``nsynth_pitch``).
    """
    called = _plain(name)
    for task in hear_tasks():
        for folder in task.folders:
            if _plain(folder) == called:
                return (folder,)
        if called in map(_plain, (task.name, task.title, task.task)):
            return task.folders
    raise ValueError(_unknown(name, called))


def _unknown(name: str, called: str) -> str:
    """The sentence for a name that stands for no task: what it may have meant."""
    if called.startswith("embedded"):
        return f"{name!r} needs no download: msbench run makes the embedded suite at its first use."
    for made in more_tasks():
        if called in map(_plain, (made.name, made.title, made.task)):
            return (
                f"{name!r} is no HEAR task: download its archive from {made.data_set}, and run "
                f"msbench tasks make {made.name}."
            )
    several = [task for task in hear_tasks() if called and _plain(task.name).startswith(called)]
    if len(several) > 1:
        names = " and ".join(task.name for task in several)
        return f"{name!r} may be {names}: say which."
    close = [task.name for task in several] or _close(called)
    if close:
        return f"There is no HEAR task {name!r}; close to it: {', '.join(close)}."
    names = ", ".join(task.name for task in hear_tasks())
    return f"There is no HEAR task {name!r}; there are {names}."


def _close(called: str) -> list[str]:
    """Short names of the tasks that are written much like this, the closest first."""

    def likeness(task: HearTask) -> float:
        matcher = difflib.SequenceMatcher(b=called)
        ratios = []
        for known in map(_plain, (task.name, task.title, task.task)):
            matcher.set_seq1(known)
            ratios.append(matcher.ratio())
        return max(ratios)

    scored = sorted(((likeness(task), task.name) for task in hear_tasks()), reverse=True)
    return [name for ratio, name in scored[:3] if ratio >= CLOSE]


def _plain(name: str) -> str:
    """A name without case, spaces and punctuation; the site's "5hr" is the folders' "5h"."""
    letters = re.sub(r"[^a-z0-9]", "", name.lower())
    return re.sub(r"(?<=\d)hr$", "h", letters)
