"""The tasks that a command line asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmark.tasks.find import UnreadableTask, find_tasks
from benchmark.tasks.task import Task, read_task
from msssl_common.console import bar


def tasks_of(tasks_dir: Path | None, console: Console) -> list[Task | UnreadableTask]:
    """The tasks of a folder, or the embedded suite, made if this is its first use."""
    if tasks_dir is not None:
        return find_tasks(tasks_dir)
    from benchmark.tasks.embedded.suite import embedded_suite

    with bar(console, "Making the embedded tasks, once") as advance:
        return [read_task(folder) for folder in embedded_suite(progress=advance)]


def choose(found: list[Task | UnreadableTask], names: Sequence[str]) -> list[Task | UnreadableTask]:
    """The tasks named, by folder name or by the task name in it; all if none is named.

    Raises:
        ValueError: There is no task of that name.
    """

    def called(task: Task | UnreadableTask) -> set[str]:
        own = set() if isinstance(task, UnreadableTask) else {task.name}
        return {task.full_name} | own

    for name in names:
        if not any(name in called(task) for task in found):
            there = ", ".join(task.full_name for task in found)
            raise ValueError(f"No task named {name!r}; there are {there}")
    return [task for task in found if not names or called(task) & set(names)]
