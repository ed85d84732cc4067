"""A hash of everything that decides a task's embeddings and labels: the key of the cache."""

from __future__ import annotations

import hashlib
from typing import Final

from benchmark.tasks.audio import clip_path, source_rate
from benchmark.tasks.labels import read_clips
from benchmark.tasks.metadata import METADATA_FILE, VOCABULARY_FILE
from benchmark.tasks.task import Task

FORMAT: Final = b"msssl-hear task hash 1"


def task_hash(task: Task, sample_rate: int) -> str:
    """Hash a task's metadata, vocabulary, label files and the audio that serves a sample rate.

    Of a task with a limit, only the audio of its clips enters. Neither the folder's place nor file
    times enter, so a copy of a task has the same hash. Every byte of audio is read (about as fast
    as the disk), never decoded.

    Args:
        task: The task.
        sample_rate: The rate a model wants, Hz.

    Returns:
        SHA-256 as 64 hexadecimal digits.

    Raises:
        FileNotFoundError: A file that the task lists is missing.
        ValueError: A split's label file is not JSON, or is not sound where there is a limit.
    """
    digest = hashlib.sha256(FORMAT)
    rates = (sample_rate, source_rate(task, sample_rate))
    digest.update(f"{task.full_name} {rates}".encode("utf-8", "surrogatepass"))
    for name in (METADATA_FILE, VOCABULARY_FILE):
        _add(digest, name, (task.folder / name).read_bytes())
    for split in task.splits:
        label_file = task.folder / f"{split}.json"
        files = read_clips(task, split)
        _add(digest, label_file.name, label_file.read_bytes())
        for file in sorted(files):
            _add(digest, file, clip_path(task, split, file, sample_rate).read_bytes())
    return digest.hexdigest()


def _add(digest: hashlib._Hash, name: str, content: bytes) -> None:
    """Add a file as its name and the hash of its bytes, so that no two files can run together."""
    digest.update(
        f"\n{name} {hashlib.sha256(content).hexdigest()}".encode("utf-8", "surrogatepass")
    )
