"""Embeddings on disk, found again by what they were made from.

Layout under the cache root (``MSBENCH_CACHE``, else ``~/.cache/msssl-hear``)::

    embeddings/{key}/entry.json               what this is, for people
    embeddings/{key}/{split}.npy              float32 or float16, (rows, size)
    embeddings/{key}/{split}.timestamps.npy   float64, (rows,), ms; event tasks only
    embeddings/{key}/{split}.json             written last: clips, frames per clip, checksums
    embeddings/{key}/.{split}.part/           a split that is not finished (partial_split.py)

A split without its ``.json``, or with another checksum, counts as absent and is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from msssl_common.files import cache_root, write_text

FORMAT = 3  # of the files and of the way embeddings are made; part of every key
ABOUT = "entry.json"
EmbeddingDtype = Literal["float32", "float16"]


@dataclass(frozen=True)
class SplitRecord:
    """What ``{split}.json`` holds.

    Attributes:
        clips: File names in row order.
        frames_per_clip: Frames of each clip, event tasks; None for scenes, a row per clip.
        embeddings_crc32: Checksum of the embeddings' bytes.
        timestamps_crc32: Checksum of the timestamps' bytes, or None.
        seconds: Wall time of reading, embedding and writing, that of stopped runs included.
        model_seconds: Wall time inside the module alone.
        audio_seconds: Length of the clips.
        peak_memory_bytes: The model and what embedding took beside it, at the peak (see
            ``PeakMemory``); None where that cannot be measured.
        inputs: SHA-256 of files that the module read while it embedded: with others, these
            embeddings are not the answer any more. What it read before is in the entry's key.
    """

    clips: list[str]
    frames_per_clip: list[int] | None
    embeddings_crc32: int
    timestamps_crc32: int | None
    seconds: float
    model_seconds: float
    audio_seconds: float
    peak_memory_bytes: int | None
    inputs: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the embeddings."""
        return len(self.clips) if self.frames_per_clip is None else sum(self.frames_per_clip)


@dataclass(frozen=True)
class StoredSplit:
    """A split read back: its record, memory-mapped embeddings and timestamps (ms) or None."""

    record: SplitRecord
    embeddings: NDArray[np.float32]  # float16 in an entry of that type
    timestamps_ms: NDArray[np.float64] | None


@dataclass(frozen=True)
class CacheEntry:
    """One module's embeddings of one task.

    Attributes:
        folder: Where they are.
        dtype: Type they are kept in.
    """

    folder: Path
    dtype: EmbeddingDtype = "float32"

    @staticmethod
    def of(
        module_hash: str,
        task_hash: str,
        about: Mapping[str, object],
        dtype: str = "float32",
    ) -> CacheEntry:
        """The entry for a module and a task.

        Args:
            module_hash: ``fingerprint.module_hash``.
            task_hash: ``task_hash.task_hash``.
            about: Its description for people, see ``describe``.
            dtype: Type to keep embeddings in, "float32" or "float16".

        Raises:
            ValueError: Another type.
        """
        if dtype not in get_args(EmbeddingDtype):
            raise ValueError(f"Embeddings are kept in float32 or float16, not in {dtype!r}")
        folder = entry_folder(module_hash, task_hash, dtype)
        entry = CacheEntry(folder, dtype)  # type: ignore[arg-type]
        hashes = {"module_hash": module_hash, "task_hash": task_hash}
        entry.describe({**about, **hashes, "dtype": dtype, "format": FORMAT})
        return entry

    def describe(self, facts: Mapping[str, object]) -> None:
        """Add to the entry's description for people."""
        describe(self.folder, facts)

    def embeddings_path(self, split: str) -> Path:
        """Where a split's embeddings are."""
        return self.folder / f"{split}.npy"

    def timestamps_path(self, split: str) -> Path:
        """Where a split's timestamps are."""
        return self.folder / f"{split}.timestamps.npy"

    def record_path(self, split: str) -> Path:
        """Where a split's record is."""
        return self.folder / f"{split}.json"

    def load(self, split: str, clips: Sequence[str] | None = None) -> StoredSplit | None:
        """Read a split back.

        Returns:
            None if it is absent, incomplete, damaged, of other clips than ``clips``, or made from
            a file that has changed.
        """
        try:
            record = read_record(self.record_path(split))
            embeddings = _read(self.embeddings_path(split), record.embeddings_crc32)
            timestamps = None
            if record.timestamps_crc32 is not None:
                timestamps = _read(self.timestamps_path(split), record.timestamps_crc32)
        except (OSError, ValueError, TypeError, EOFError):
            return None
        if clips is not None and record.clips != list(clips):
            return None
        if changed_input(record.inputs):
            return None
        if len(embeddings) != record.rows or embeddings.dtype != self.dtype:
            return None
        if timestamps is not None and len(timestamps) != record.rows:
            return None
        return StoredSplit(record, embeddings, timestamps)


def changed_input(inputs: Mapping[str, str]) -> str | None:
    """The first of some files or environment variables that is not what it was.

    Args:
        inputs: SHA-256 by path, or by "$NAME" of a variable.
    """
    for path, known in inputs.items():
        try:
            if path.startswith("$"):
                value = repr(os.environ.get(path[1:]))
                now = hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
            else:
                now = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        except OSError:
            return path
        if now != known:
            return path
    return None


def entry_folder(module_hash: str, task_hash: str, dtype: str) -> Path:
    """Where a module's embeddings of a task are, or would be."""
    question = f"{FORMAT}\n{module_hash}\n{task_hash}\n{dtype}"
    key = hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()
    return cache_root() / "embeddings" / key[:32]


def describe(folder: Path, facts: Mapping[str, object]) -> None:
    """Add to a cache folder's description for people; what is there already is kept.

    ``msbench cache`` looks for "module" and "task", in embeddings also for "splits" and "clips".
    """
    told = read_about(folder)
    if not facts.keys() <= told.keys():
        write_text(folder / ABOUT, json.dumps({**facts, **told}, indent=1) + "\n")


def read_about(folder: Path) -> dict[str, Any]:
    """A cache folder's description for people; empty if it has none."""
    try:
        facts = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def read_record(path: Path) -> SplitRecord:
    """Read a ``{split}.json``.

    Raises:
        OSError: It is not there.
        ValueError, TypeError: It is not a record of this format.
    """
    fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return SplitRecord(**fields)


def record_text(record: SplitRecord) -> str:
    """What ``read_record`` reads."""
    return json.dumps(asdict(record)) + "\n"


def _read(path: Path, crc32: int) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if zlib.crc32(array.data) != crc32:
        raise ValueError(f"{path} is damaged")
    return array
