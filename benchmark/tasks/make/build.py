"""Building a planned task: whole or not at all, and going on where an earlier attempt stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.tasks.make.checks import (
    check_splits,
    notice,
    refuse_many_unreadable,
    refuse_vanished,
)
from benchmark.tasks.make.place import (
    lock_path,
    locked,
    part_folder,
    refuse_existing,
    tidy,
)
from benchmark.tasks.make.plan import RawClip, TaskPlan
from benchmark.tasks.make.pool import Converted, Progress, convert
from benchmark.tasks.make.texts import write_texts


@dataclass(frozen=True)
class Built:
    """A finished task folder.

    Attributes:
        folder: The folder.
        clips: The clips in it.
        unreadable: What is wrong with each source that could not be read and was left out.
        notes: What whoever made it should know.
    """

    folder: Path
    clips: tuple[RawClip, ...]
    unreadable: tuple[str, ...]
    notes: tuple[str, ...]


def build_task(
    plan: TaskPlan, tasks_dir: Path, rates: tuple[int, ...], progress: Progress
) -> Built:
    """Convert a task's audio and write its folder.

    It grows in the hidden folder ``.{name}.part`` and takes its name at the end. Whoever starts
    again after a kill goes on with the clips that are there, if plan and sources are the same.

    Args:
        plan: The task.
        tasks_dir: Folder of tasks.
        rates: Sample rates, Hz.
        progress: Called with clips done and to do.

    Raises:
        FileExistsError: The task is there.
        ValueError: Another process is making it, a split has no clip or lacks labels that it must
            have, or more sources are unreadable than the odd one.
    """
    check_splits(plan, plan.clips)
    folder = tasks_dir / plan.folder_name
    refuse_existing(folder)
    tasks_dir.mkdir(parents=True, exist_ok=True)
    with locked(lock_path(tasks_dir, plan.folder_name)):
        part = part_folder(plan, rates, folder.with_name(f".{plan.folder_name}.part"))
        converted = convert(plan, rates, part, progress)
        refuse_vanished(converted)
        refuse_many_unreadable(converted, len(plan.clips))
        clips = tuple(clip for clip in plan.clips if clip not in converted.unreadable)
        notes = (*plan.notes, *check_splits(plan, clips), *_upsampled(converted, rates))
        write_texts(plan, clips, notice(plan, clips), part)
        tidy(part)
        refuse_existing(folder)
        part.rename(folder)
    return Built(folder, clips, tuple(converted.unreadable.values()), notes)


def _upsampled(converted: Converted, rates: tuple[int, ...]) -> list[str]:
    lower = sorted(rate for rate in converted.source_rates if rate < max(rates))
    if not lower:
        return []
    return [
        f"Some sources have {', '.join(map(str, lower))} Hz only: at {max(rates)} Hz their upper "
        "band is empty, as in HEAR's own tasks."
    ]
