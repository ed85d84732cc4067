"""``msbench tasks ls``: the table of the embedded suite, local folders and HEAR's tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import soundfile
from rich.console import Console
from rich.text import Text

from benchmark.tasks.audio import rates_present
from benchmark.tasks.catalogue.hear_tasks import HearTask, hear_tasks
from benchmark.tasks.catalogue.more_tasks import MadeTask, more_tasks
from benchmark.tasks.find import UnreadableTask, find_tasks
from benchmark.tasks.metadata import read_json_object
from benchmark.tasks.task import Family, Task

ABSENT: Final = "no"
GETTING: Final = ".get-"  # the folder in which get makes a task begins so


@dataclass(frozen=True)
class Listed:
    """A line of ``msbench tasks ls``.

    Attributes:
        task: Name of the task folder, or the leaderboard's name of a task of several folders.
        name: What ``get`` may call it; the task's own name for others than HEAR's.
        kind: Column group of the leaderboard.
        classes: Number of labels; None where unknown, as below.
        clips: Number of clips, over all splits.
        hours: Length of all clips.
        metric: Name of the first score.
        licence: Licence of the audio.
        origin: Where it comes from: ``"HEAR"``, ``"recipe"``, ``"made here"`` or ``"local"``.
        here: The sample rates that are here, in words, or that and why it is not.
    """

    task: str
    name: str
    kind: Family
    classes: int | None
    clips: int | None
    hours: float | None
    metric: str
    licence: str | None
    origin: str
    here: str


def listed_tasks(tasks_dir: Path | None) -> tuple[list[Listed], list[UnreadableTask]]:
    """List every known task.

    Args:
        tasks_dir: A folder of tasks, or one task, to look into; None to look into none.

    Returns:
        The embedded tasks, then those of the folder that are in no list, then HEAR's and those that
        `make` makes; and the folders that should be tasks but cannot be read.

    Raises:
        FileNotFoundError: ``tasks_dir`` is no folder.
    """
    found = [] if tasks_dir is None or _is_empty(tasks_dir) else find_tasks(tasks_dir)
    readable = {task.full_name: task for task in found if isinstance(task, Task)}
    known = {folder for task in hear_tasks() for folder in task.folders}
    known |= {task.task for task in more_tasks()}
    local = [_local(task) for name, task in readable.items() if name not in known]
    more = [_of_recipe(task, readable) for task in more_tasks()]
    hear = [_of_hear(task, readable, tasks_dir) for task in hear_tasks()]
    unreadable = [task for task in found if isinstance(task, UnreadableTask)]
    return [*embedded_tasks(), *local, *hear, *more], unreadable


def _is_empty(folder: Path) -> bool:
    """Whether a folder has nothing but hidden things in it, such as what ``get`` is at."""
    return folder.is_dir() and all(path.name.startswith(".") for path in folder.iterdir())


def embedded_tasks() -> list[Listed]:
    """The tasks of the embedded suite."""
    from benchmark.tasks.embedded.recipe import LICENCE
    from benchmark.tasks.embedded.suite import RECIPES, generator_version
    from msssl_common.files import cache_root

    home = cache_root() / "embedded" / generator_version()
    listed = []
    for recipe in RECIPES:
        clips = sum(recipe.clips.values())
        pitch = "pitch_acc" in recipe.evaluation
        listed.append(
            Listed(
                task=recipe.folder,
                name=recipe.folder.split("-")[0],
                kind="event" if recipe.embedding_type == "event" else "pitch" if pitch else "scene",
                classes=len(recipe.vocabulary),
                clips=clips,
                hours=clips * recipe.seconds / 3600,
                metric=recipe.evaluation[0],
                licence=LICENCE,
                origin="made here",
                here="yes" if (home / recipe.folder).is_dir() else "at first use",
            )
        )
    return listed


def _of_hear(task: HearTask, readable: dict[str, Task], tasks_dir: Path | None) -> Listed:
    rates = [_rates(readable[folder]) for folder in task.folders if folder in readable]
    if not rates:
        unfinished = tasks_dir and any((tasks_dir / f"{GETTING}{f}").exists() for f in task.folders)
        here = "unfinished" if unfinished else ABSENT
    else:
        here = ", ".join(dict.fromkeys(rates))
        if len(rates) < len(task.folders):
            here += f" ({len(rates)} of {len(task.folders)} folders)"
    return _known(task, "HEAR", here)


def _of_recipe(task: MadeTask, readable: dict[str, Task]) -> Listed:
    return _known(task, "recipe", _rates(readable[task.task]) if task.task in readable else ABSENT)


def _known(task: HearTask | MadeTask, origin: str, here: str) -> Listed:
    return Listed(
        task=task.task,
        name=task.name,
        kind=task.kind,
        classes=task.classes,
        clips=task.clips,
        hours=task.hours,
        metric=task.metric,
        licence=task.licence,
        origin=origin,
        here=here,
    )


def _local(task: Task) -> Listed:
    listed = Listed(
        task=task.full_name,
        name=task.name,
        kind=task.family,
        classes=len(task.vocabulary),
        clips=None,
        hours=None,
        metric=task.evaluation[0],
        licence=None,
        origin="local",
        here=_rates(task),
    )
    try:
        clips = _clips(task)
        return replace(listed, clips=len(clips), hours=_seconds(task, clips) / 3600)
    except (ValueError, OSError, soundfile.LibsndfileError):
        return listed  # what is wrong with it, msbench tasks check says


def _clips(task: Task) -> list[Path]:
    """Every clip, as ``{split}/{file}``."""
    return [
        Path(split, file)
        for split in task.splits
        for file in read_json_object(task.folder / f"{split}.json", f"the labels of {split!r}")
    ]


def _seconds(task: Task, clips: list[Path]) -> float:
    """Length of all clips, from their headers where the task's clips have any length."""
    if task.sample_duration is not None:
        return len(clips) * task.sample_duration
    folder = task.folder / str(min(rates_present(task.folder), default=0))
    return sum(float(soundfile.info(folder / clip).duration) for clip in clips)


def _rates(task: Task) -> str:
    """The sample rates that a task's folder has, e.g. ``"16, 48 kHz"``."""
    rates = [f"{rate / 1000:g}" for rate in rates_present(task.folder)]
    return f"{', '.join(rates)} kHz" if rates else "no audio"


COLUMNS = ("task", "kind", "classes", "clips", "hours", "metric", "licence", "from", "here")
RIGHT = ("classes", "clips", "hours")
UNKNOWN = "–"

NOTE = (
    "licence: of the audio; here: at which sample rates. Tasks from HEAR come with "
    f"`msbench tasks get NAME`, recipes with `msbench tasks make NAME`. {UNKNOWN}: not stated by "
    "the sources that we know."
)


def print_listed(
    console: Console, tasks: Sequence[Listed], unreadable: Sequence[UnreadableTask]
) -> None:
    """Print every task, and below them the folders that should be tasks but cannot be read.

    Lines are wrapped by a narrow terminal rather than cut: names are there to be copied.
    """
    rows = [COLUMNS, *map(_cells, tasks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for name, cell, width in zip(COLUMNS, row, widths, strict=True)
        ]
        style = "bold" if row is COLUMNS else ""
        console.print(Text("  ".join(cells).rstrip(), style=style), soft_wrap=True)
    for folder in unreadable:
        console.print(Text(f"{folder.full_name} cannot be read: {folder.reason}"), soft_wrap=True)
    console.print(Text(NOTE), soft_wrap=True)


def _cells(task: Listed) -> tuple[str, ...]:
    return (
        task.task,
        task.kind,
        UNKNOWN if task.classes is None else f"{task.classes:,}",
        UNKNOWN if task.clips is None else f"{task.clips:,}",
        UNKNOWN if task.hours is None else shown_hours(task.hours),
        task.metric,
        task.licence or UNKNOWN,
        task.origin,
        task.here,
    )


def shown_hours(hours: float) -> str:
    """Two digits that count, e.g. ``"54"``, ``"2.8"``, ``"0.037"``."""
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.2g}"
