"""From raw data to a task folder, with what the user sees of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from benchmark.tasks.get.bars import byte_bar
from benchmark.tasks.make.build import Built, build_task
from benchmark.tasks.make.place import refuse_existing, remove_lock, scratch_folder
from benchmark.tasks.make.plan import TaskPlan
from benchmark.tasks.make.raw_folders import Sources
from msssl_common.console import bar
from msssl_common.files import check_writable

Planner = Callable[[Sources], TaskPlan]


def make_task(
    name: str,
    planner: Planner,
    sources: Sequence[Path],
    tasks_dir: Path,
    rates: tuple[int, ...],
    console: Console,
) -> Built:
    """Make a task, and print what it is like.

    Archives are unpacked into a hidden folder beside the task; it stays for the next attempt if
    this one fails, and goes with the finished task.

    Args:
        name: Name of the task folder.
        planner: Says what becomes of the raw data.
        sources: Folders and archives of raw data.
        tasks_dir: Folder of tasks.
        rates: Sample rates to write, Hz.
        console: Where to print.

    Raises:
        FileNotFoundError: A source, or something in it, is missing.
        FileExistsError: The task is there.
        OSError: The folder of tasks cannot be written to.
        ValueError: The raw data or an option is wrong, as the message says.
    """
    scratch = scratch_folder(tasks_dir, name)
    if (tasks_dir / name).exists():  # perhaps of a run that was killed right after it made it
        shutil.rmtree(scratch, ignore_errors=True)
        remove_lock(tasks_dir, name)
    refuse_existing(tasks_dir / name)
    check_writable(tasks_dir)
    plan = planner(Sources(sources, scratch, lambda text: byte_bar(console, text)))
    with bar(console, f"Making {plan.folder_name}") as progress:
        built = build_task(plan, tasks_dir, rates, progress)
    shutil.rmtree(scratch, ignore_errors=True)
    _print(console, plan, built)
    return built


def _print(console: Console, plan: TaskPlan, built: Built) -> None:
    def line(text: str) -> None:
        console.print(Text(text), soft_wrap=True)

    for reason in built.unreadable:
        line(f"Left out: {reason}")
    for note in built.notes:
        line(note)
    labels = {label for clip in built.clips for label in clip.all_labels}
    splits = ", ".join(
        f"{sum(clip.split == split for clip in built.clips)} {split}" for split in plan.splits
    )
    line(f"{built.folder}: {len(built.clips)} clips of {len(labels)} classes ({splits})")
