"""Finding the tasks of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.tasks.metadata import METADATA_FILE
from benchmark.tasks.task import Task, read_task
from benchmark.tasks.vocabulary import VOCABULARY_FILE


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
        return self.folder.resolve().name


def find_tasks(tasks_dir: Path) -> list[Task | UnreadableTask]:
    """Read every task of a folder; a task that cannot be read does not stop the others.

    Args:
        tasks_dir: A folder of task folders (hidden ones are left out), or one task folder.

    Returns:
        A ``Task`` or the reason against it for each folder, sorted by name.

    Raises:
        FileNotFoundError: ``tasks_dir`` is no folder, or has no folder in it.
    """
    return [_try_to_read(folder) for folder in task_folders(tasks_dir)]


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
