"""Tasks beyond HEAR's that ``msbench tasks make`` makes: facts that ship with the package.

Sources of the facts: ``more_tasks.csv``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast

from benchmark.tasks.task import Family

FILE: Final = Path(__file__).with_name("more_tasks.csv")


@dataclass(frozen=True)
class MadeTask:
    """What is known of a task that is made from official archives.

    Attributes:
        name: What ``msbench tasks make`` calls it.
        title: The data set's name.
        task: The task folder.
        kind: Column group of the leaderboard.
        classes: Number of labels; None where no source states it, as below.
        clips: Number of clips, over all splits.
        hours: Length of all clips.
        splits: The splits, and whose they are.
        metric: Name of the first score.
        licence: Licence of the data set.
        data_set: Page of the data set.
    """

    name: str
    title: str
    task: str
    kind: Family
    classes: int | None
    clips: int | None
    hours: float | None
    splits: str
    metric: str
    licence: str | None
    data_set: str


@cache
def more_tasks() -> tuple[MadeTask, ...]:
    """The tasks, sorted by name."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return tuple(sorted(map(_task, rows), key=lambda task: task.name))


def _task(row: dict[str, str]) -> MadeTask:
    clips = int(row["clips"]) if row["clips"] else None
    return MadeTask(
        name=row["name"],
        title=row["title"],
        task=row["task"],
        kind=cast(Family, row["kind"]),
        classes=int(row["classes"]) if row["classes"] else None,
        clips=clips,
        hours=_hours(row, clips),
        splits=row["splits"],
        metric=row["metric"],
        licence=row["licence"] or None,
        data_set=row["data_set"],
    )


def _hours(row: dict[str, str], clips: int | None) -> float | None:
    """As published, or clips times their length."""
    if row["hours"]:
        return float(row["hours"])
    return clips * float(row["seconds"]) / 3600 if clips and row["seconds"] else None
