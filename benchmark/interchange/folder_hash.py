"""A hash of all that scores on a folder of embeddings depend on, beside the protocol."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from benchmark.interchange.frame_times import frame_times_path
from benchmark.interchange.raw_embeddings import dimensions_path, embeddings_path
from benchmark.interchange.row_labels import labels_path
from benchmark.tasks.metadata import METADATA_FILE
from benchmark.tasks.task import Task
from benchmark.tasks.vocabulary import VOCABULARY_FILE

CHUNK_BYTES: Final = 1 << 20


def folder_hash(task: Task) -> str:
    """Hash the files of a task's folder of embeddings, a piece at a time.

    Returns:
        SHA-256 as 64 hexadecimal digits; the same for a copy of the folder.
    """
    files = [task.folder / METADATA_FILE, task.folder / VOCABULARY_FILE]
    for split in task.splits:
        files.append(task.folder / f"{split}.json")
        files += [path(task.folder, split) for path in (dimensions_path, embeddings_path)]
        files.append(labels_path(task.folder, split))
        if task.embedding_type == "event":
            files.append(frame_times_path(task.folder, split))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"\n{file.name} {_file_hash(file)}".encode())
    return digest.hexdigest()


def _file_hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
