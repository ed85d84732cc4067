"""Where a task is made: a hidden folder beside its place, locked, with a note of what is in it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmark.tasks.make.convert import NOTES
from benchmark.tasks.make.plan import TaskPlan
from msssl_common.files import write_text
from msssl_common.locks import is_locked, locked_or_refused

PLAN: Final = ".plan"


def scratch_folder(tasks_dir: Path, name: str) -> Path:
    """The hidden folder, beside a task's place, for unpacked archives."""
    return tasks_dir / f".{name}.source"


def lock_path(tasks_dir: Path, name: str) -> Path:
    """The file that a process holds locked while it makes a task."""
    return tasks_dir / f".{name}.lock"


def remove_lock(tasks_dir: Path, name: str) -> None:
    """Delete the lock of a process that was killed."""
    path = lock_path(tasks_dir, name)
    with suppress(OSError):
        if path.exists() and not is_locked(path):
            path.unlink()


def refuse_existing(folder: Path) -> None:
    """Never touch a finished task.

    Raises:
        FileExistsError: The folder is there.
    """
    if folder.exists():
        raise FileExistsError(
            f"{folder} is there already: delete it to make it anew, or choose another --to."
        )


def part_folder(plan: TaskPlan, rates: tuple[int, ...], part: Path) -> Path:
    """The folder of an earlier attempt at the very same task, or an empty one."""
    fingerprint = _fingerprint(plan, rates)
    with suppress(FileNotFoundError):
        if (part / PLAN).read_text() == fingerprint:
            return part
    if part.exists():
        shutil.rmtree(part)
    part.mkdir()
    write_text(part / PLAN, fingerprint)
    return part


def _fingerprint(plan: TaskPlan, rates: tuple[int, ...]) -> str:
    """Hash of all that decides a task's bytes; sources count by size and time of change."""
    digest = hashlib.sha256(json.dumps([dict(plan.metadata), rates]).encode())
    digest.update(str(Path.cwd()).encode())  # sources may be relative to it
    for clip in plan.clips:
        stat = clip.source.stat() if clip.source.exists() else None
        changed = stat and (stat.st_size, stat.st_mtime_ns)
        digest.update(f"\n{clip} {changed}".encode())
    return digest.hexdigest()


def tidy(part: Path) -> None:
    """Remove what only the making needed, the rest of clips that a kill cut off included."""
    for path in (*part.glob("*/*/.*.part"), *part.glob(".*.part")):  # clips, texts
        path.unlink(missing_ok=True)
    shutil.rmtree(part / NOTES, ignore_errors=True)
    (part / PLAN).unlink()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock for as long as the task is being made; do without where there are none."""
    busy = ValueError(f"Another process is making this task (it holds {path}).")
    with locked_or_refused(path, busy, remove=True):
        yield
