"""The 19 HEAR tasks, as facts that ship with the package: no download is needed to list them.

Sources of the facts: ``hear_tasks.csv``.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeVar, cast

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
        seconds=_optional(row["seconds"], float),
        metric=row["metric"],
        licence=row["licence"] or None,
        data_set=row["data_set"],
    )


def _optional(text: str, read: Callable[[str], Value]) -> Value | None:
    return read(text) if text else None
