"""What the cache holds, and its removal: embeddings, and heads of cells that are not finished.

Other things under the cache root (the embedded suite, downloaded checkpoints) are left alone.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmark.embeddings.cache import FORMAT, SplitRecord, changed_input, read_about, read_record
from benchmark.embeddings.partial_folder import folder_is_in_use, part_folders

KINDS: Final = ("embeddings", "heads")
KEY: Final = re.compile("[0-9a-f]{16,64}")  # names of folders that are ours


@dataclass(frozen=True)
class CacheItem:
    """A folder of the cache.

    Attributes:
        folder: Where it is.
        module: What was typed to load the module; "?" if the folder does not say.
        task: The task's full name, or "?".
        rows: Rows of embeddings in finished splits; None for heads.
        size: Bytes of all files.
        written: When a file was last written, seconds since 1970.
        state: "complete", or how far it is.
        busy: Whether a process is writing to it.
    """

    folder: Path
    module: str
    task: str
    rows: int | None
    size: int
    written: float
    state: str
    busy: bool

    @property
    def key(self) -> str:
        """What it is called."""
        return self.folder.name

    @property
    def kind(self) -> str:
        """Embeddings or heads."""
        return self.folder.parent.name


def list_cache(root: Path) -> list[CacheItem]:
    """Everything in the cache that ``msbench cache`` deals with, last written first."""
    folders = [
        folder
        for kind in KINDS
        for folder in (root / kind).glob("*")
        if folder.is_dir() and not folder.is_symlink() and KEY.fullmatch(folder.name)
    ]
    return sorted(map(_cached, folders), key=lambda item: (-item.written, item.key))


def select_items(items: Sequence[CacheItem], prefixes: Sequence[str]) -> list[CacheItem]:
    """Those whose keys begin with the prefixes.

    Raises:
        ValueError: A prefix that fits none or several.
    """
    found: dict[Path, CacheItem] = {}
    for prefix in prefixes:
        fitting = [item for item in items if item.key.startswith(prefix)]
        if not prefix or not fitting:
            raise ValueError(f"The cache has no key {prefix!r}; msbench cache ls shows them")
        if len(fitting) > 1:
            keys = ", ".join(sorted(item.key for item in fitting))
            raise ValueError(f"Key {prefix!r} is ambiguous: it fits {keys}; give more of it")
        found[fitting[0].folder] = fitting[0]
    return list(found.values())


def remove(item: CacheItem, root: Path) -> None:
    """Delete a folder of the cache.

    Raises:
        ValueError: It is not where the cache keeps things, e.g. behind a symbolic link, or a
            process is writing to it.
        OSError: It cannot be deleted.
    """
    places = [root.resolve() / kind for kind in KINDS]
    if item.folder.is_symlink() or item.folder.resolve().parent not in places:
        raise ValueError(f"{item.folder} leads out of the cache {root}: it is not removed")
    if any(folder_is_in_use(part) for part in part_folders(item.folder)):
        raise ValueError(f"{item.key} ({item.module}, {item.task}) is being written: not removed")
    shutil.rmtree(item.folder)  # never follows links


def _cached(folder: Path) -> CacheItem:
    about = read_about(folder)
    size, written = 0, 0.0
    for path in (folder, *folder.rglob("*")):
        with suppress(OSError):  # a file may go while we look
            facts = path.lstat()
            size += 0 if path.is_dir() else facts.st_size
            written = max(written, facts.st_mtime)
    rows, state = _heads(folder) if folder.parent.name == "heads" else _embeddings(folder, about)
    busy = any(folder_is_in_use(part) for part in part_folders(folder))
    module, task = (str(about.get(key, "?")) for key in ("module", "task"))
    return CacheItem(folder, module, task, rows, size, written, state, busy)


def _heads(folder: Path) -> tuple[None, str]:
    return None, f"partial: {len(list(folder.glob('*.safetensors')))} heads"


def _embeddings(folder: Path, about: dict[str, Any]) -> tuple[int, str]:
    """Rows of the finished splits, and how far all of them are."""
    if about.get("format") != FORMAT:
        return 0, "of an older version"
    splits = about.get("splits") or []
    records = [record for split in splits if (record := _record(folder, split))]
    rows = sum(record.rows for record in records)
    for record in records:
        if path := changed_input(record.inputs):
            return rows, f"of no use: {Path(path).name}, which the module read, has changed"
    if splits and len(records) == len(splits):
        return rows, "complete"
    done = sum(len(record.clips) for record in records)
    done += sum(_clips_done(folder / f".{split}.part") for split in splits)
    return rows, f"partial: {done} of {about.get('clips', '?')} clips"


def _record(folder: Path, split: str) -> SplitRecord | None:
    """A finished split's record; its arrays are there, but not checked."""
    with suppress(OSError, ValueError, TypeError):
        if (folder / f"{split}.npy").is_file():
            return read_record(folder / f"{split}.json")
    return None


def _clips_done(part: Path) -> int:
    with suppress(OSError, ValueError, TypeError, KeyError):
        return int(json.loads((part / "journal.json").read_text("utf-8"))["clips"])
    return 0
