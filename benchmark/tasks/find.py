"""The tasks of a folder, or of the embedded suite, and the choice among them."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
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

    An "é" of two characters, as macOS has it in names of folders, is that of one.

    Raises:
        ValueError: There is no task of that name.
    """
    wanted = {_composed(name): name for name in names}
    called = [{_composed(name) for name in _names(task)} for task in found]
    known = set().union(*called)
    for name in wanted:
        if name not in known:
            raise ValueError(_no_such_task(wanted[name], known, found))
    return [
        task for task, own in zip(found, called, strict=True) if not names or own & wanted.keys()
    ]


def _names(task: Task | UnreadableTask) -> tuple[str, ...]:
    return (task.full_name, *(() if isinstance(task, UnreadableTask) else (task.name,)))


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _no_such_task(name: str, known: Iterable[str], found: Sequence[Task | UnreadableTask]) -> str:
    """A name that differs in capitals or by a slip is offered; without one, all are listed."""
    by_letters = {other.casefold(): other for other in sorted(known, reverse=True)}
    near = difflib.get_close_matches(_composed(name).casefold(), by_letters, 1)
    if near:
        return f"No task named {name!r}: did you mean {by_letters[near[0]]!r}?"
    there = ", ".join(task.full_name for task in found)
    return f"No task named {name!r}; there are {there}"
