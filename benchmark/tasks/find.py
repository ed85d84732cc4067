"""The tasks of a folder, or of the embedded suite, and the choice among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.tasks.metadata import METADATA_FILE, VOCABULARY_FILE
from benchmark.tasks.task import Task, read_task, seen_name


@dataclass(frozen=True)
class UnreadableTask:
    """A folder that should be a task but cannot be read: its cells get the reason.

    Attributes:
        folder: The folder.
        reason: One sentence: which file, which key, what is wrong.
    """

    folder: Path
    reason: str

    @property
    def full_name(self) -> str:
        """Name of the folder, the task's key in results, as ``Task.full_name``."""
        return seen_name(self.folder)


def find_tasks(
    tasks_dir: Path | str | None = None, advance: Callable[[int, int], None] | None = None
) -> list[Task | UnreadableTask]:
    """Read every task of a folder; a task that cannot be read does not stop the others.

    Args:
        tasks_dir: A folder of task folders (hidden ones are left out), or one task folder; None for
            the embedded suite, which is made on its first use.
        advance: Called with (done, total) while the embedded suite is made.

    Returns:
        A ``Task`` or the reason against it for each folder, sorted by name.

    Raises:
        FileNotFoundError: ``tasks_dir`` is no folder, or has no folder in it.
    """
    if tasks_dir is not None:
        return [_try_to_read(folder) for folder in task_folders(Path(tasks_dir))]
    from benchmark.tasks.embedded.suite import embedded_suite

    return [read_task(folder) for folder in embedded_suite(progress=advance)]


def task_folders(tasks_dir: Path) -> list[Path]:
    """The folders in ``tasks_dir`` that are or should be tasks, or itself; see ``find_tasks``."""
    if not tasks_dir.is_dir():
        raise FileNotFoundError(f"{tasks_dir} is not a folder of tasks.")
    if any((tasks_dir / name).exists() for name in (METADATA_FILE, VOCABULARY_FILE)):
        return [tasks_dir]
    folders = sorted(p for p in tasks_dir.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise FileNotFoundError(f"{tasks_dir} has no task folder (with task_metadata.json) in it.")
    return folders


def _try_to_read(folder: Path) -> Task | UnreadableTask:
    try:
        return read_task(folder)
    except (ValueError, OSError) as error:
        return UnreadableTask(folder, str(error))


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
