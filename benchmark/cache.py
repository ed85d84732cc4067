"""Embeddings on disk, found again by what they were made from.

Layout under the cache root (``MSBENCH_CACHE``, else ``~/.cache/msssl-hear``)::

    embeddings/{key}/entry.json               what this is, for people
    embeddings/{key}/{split}.npy              float32, (rows, size)
    embeddings/{key}/{split}.timestamps.npy   float64, (rows,), ms; event tasks only
    embeddings/{key}/{split}.json             written last: clips, frames per clip, checksums

A split without its ``.json``, or with another checksum, counts as absent and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.atomic_file import write_text

FORMAT = 1  # of the files and of the way embeddings are made; part of every key


def cache_root() -> Path:
    """Folder of everything that can be made again: ``MSBENCH_CACHE`` or ``~/.cache/msssl-hear``."""
    configured = os.environ.get("MSBENCH_CACHE")
    return Path(configured) if configured else Path.home() / ".cache" / "msssl-hear"


@dataclass(frozen=True)
class SplitRecord:
    """What ``{split}.json`` holds.

    Attributes:
        clips: File names in row order.
        frames_per_clip: Frames of each clip, event tasks; None for scenes, a row per clip.
        embeddings_crc32: Checksum of the embeddings' bytes.
        timestamps_crc32: Checksum of the timestamps' bytes, or None.
        seconds: Wall time of reading, embedding and writing.
        model_seconds: Wall time inside the module alone.
        audio_seconds: Length of the clips.
    """

    clips: list[str]
    frames_per_clip: list[int] | None
    embeddings_crc32: int
    timestamps_crc32: int | None
    seconds: float
    model_seconds: float
    audio_seconds: float


@dataclass(frozen=True)
class StoredSplit:
    """A split read back: its record, memory-mapped embeddings and timestamps (ms) or None."""

    record: SplitRecord
    embeddings: NDArray[np.float32]
    timestamps_ms: NDArray[np.float64] | None


@dataclass(frozen=True)
class CacheEntry:
    """One module's embeddings of one task."""

    folder: Path

    @staticmethod
    def of(module_hash: str, task_hash: str, about: Mapping[str, object]) -> CacheEntry:
        """The entry for a module and a task, both given by hash; ``about`` is for people."""
        key = hashlib.sha256(f"{FORMAT}\n{module_hash}\n{task_hash}".encode()).hexdigest()
        entry = CacheEntry(cache_root() / "embeddings" / key[:32])
        if not (entry.folder / "entry.json").exists():
            facts = {**about, "module_hash": module_hash, "task_hash": task_hash, "format": FORMAT}
            write_text(entry.folder / "entry.json", json.dumps(facts, indent=1) + "\n")
        return entry

    def embeddings_path(self, split: str) -> Path:
        """Where a split's embeddings are."""
        return self.folder / f"{split}.npy"

    def timestamps_path(self, split: str) -> Path:
        """Where a split's timestamps are."""
        return self.folder / f"{split}.timestamps.npy"

    def commit(self, split: str, record: SplitRecord) -> None:
        """Declare a split complete, after its arrays are in place."""
        write_text(self.folder / f"{split}.json", json.dumps(asdict(record)) + "\n")

    def load(self, split: str) -> StoredSplit | None:
        """Read a split back, or None if it is absent, incomplete or damaged."""
        try:
            fields: dict[str, Any] = json.loads((self.folder / f"{split}.json").read_text("utf-8"))
            record = SplitRecord(**fields)
            embeddings = _read(self.embeddings_path(split), record.embeddings_crc32)
            timestamps = None
            if record.timestamps_crc32 is not None:
                timestamps = _read(self.timestamps_path(split), record.timestamps_crc32)
        except (OSError, ValueError, TypeError, EOFError):
            return None
        rows = len(record.clips) if record.frames_per_clip is None else sum(record.frames_per_clip)
        if len(embeddings) != rows or (timestamps is not None and len(timestamps) != rows):
            return None
        return StoredSplit(record, embeddings, timestamps)


def _read(path: Path, crc32: int) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if zlib.crc32(array.data) != crc32:
        raise ValueError(f"{path} is damaged")
    return array
