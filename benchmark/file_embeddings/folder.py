"""The folder that embeddings are written to: shards that appear whole, and what is in them.

Layout::

    embeddings.json        what made them: module, weights, rates, lengths
    scene/00000.parquet    embeddings of pieces, 1,000 of them or 64 MB
    timestamps/00000...    embeddings of frames, of the same pieces
    index/00000.json       which pieces of which files; with it, the shard counts
    failed.csv             files that were skipped, and why; absent where none was

Nothing but the shard that is being filled is held in memory. A process that is killed loses that
one, and the next run begins with its first piece: so it ends with the same shards.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmark.file_embeddings.recording import Recording
from benchmark.file_embeddings.shards import KINDS, Kind, Layout, Rows, shard_bytes
from msssl_common.csv_tables import csv_table
from msssl_common.files import check_writable, remove_leftovers, write_bytes, write_text
from msssl_common.locks import FileLock
from msssl_common.messages import one_printable_line

ABOUT, FAILED, INDEX, LOCK = "embeddings.json", "failed.csv", "index", ".lock"
FORMAT: Final = "msbench embed 1"
SHARD_PIECES: Final = 1_000
SHARD_BYTES: Final = 64_000_000


@dataclass
class DoneFile:
    """What earlier shards hold of a file.

    Attributes:
        size: Its bytes then.
        modified_ns: When it had been changed last.
        pieces: Pieces embedded, from the first on.
        of: Pieces that it has.
    """

    size: int
    modified_ns: int
    pieces: int
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is left."""
        return self.pieces >= self.of


@dataclass
class EmbeddingFolder:
    """A folder in use by this process; a context manager that lets go of it.

    Attributes:
        path: Where it is.
        layout: Of its shards.
        about: Content of ``embeddings.json``.
        done: What its shards hold, by path.
    """

    path: Path
    layout: Layout
    about: dict[str, Any]
    done: dict[str, DoneFile]
    _lock: FileLock | None
    _next: int
    _pieces: dict[Kind, list[Rows]] = field(default_factory=lambda: defaultdict(list))
    _added: list[tuple[Recording, int]] = field(default_factory=list)
    _bytes: int = 0

    @staticmethod
    def open(path: Path, layout: Layout, about: dict[str, Any]) -> EmbeddingFolder:
        """Take a new folder, or one to go on with.

        Args:
            path: The folder.
            layout: Of the shards.
            about: All that decides what stands in them; as JSON it must survive.

        Raises:
            ValueError: It holds other things, or embeddings made otherwise, or another process
                writes to it.
            OSError: It cannot be written to.
        """
        about = {"format": FORMAT, "layout": layout, **about}
        check_writable(path)
        lock = _lock(path)
        try:
            _check_about(path, about)
            for folder in (path, *path.iterdir()):
                if folder.is_dir():
                    remove_leftovers(folder)
            write_text(path / ABOUT, json.dumps(about, indent=2) + "\n")
            done, following = _read_index(path / INDEX)
            _remove_uncounted(path)
        except BaseException:
            if lock is not None:
                lock.release()
            raise
        return EmbeddingFolder(path, layout, about, done, lock, following)

    def __enter__(self) -> EmbeddingFolder:
        return self

    def __exit__(self, *error: object) -> None:
        if self._lock is not None:
            self._lock.release()

    def add(self, recording: Recording, piece: int, rows: dict[Kind, Rows]) -> None:
        """Put a piece's embeddings into the shard, and write it if it is full now.

        Pieces of a file come in order.
        """
        for kind, one in rows.items():
            self._pieces[kind].append(one)
            self._bytes += one.embeddings.nbytes
        self._added.append((recording, piece))
        if self._bytes >= SHARD_BYTES or len(self._added) >= SHARD_PIECES:
            self.flush()

    def flush(self) -> None:
        """Write the shard, if anything is in it.

        Raises:
            OSError: It cannot be written.
        """
        if not self._added:
            return
        name = f"{self._next:05d}"
        for kind, pieces in self._pieces.items():
            data = shard_bytes(self.layout, pieces, self.about)
            write_bytes(self.path / kind / f"{name}.{self.layout}", data)
        entries: dict[str, dict[str, Any]] = {}
        for recording, piece in self._added:
            entry = entries.setdefault(
                recording.path,
                {
                    "size": recording.size,
                    "modified_ns": recording.modified_ns,
                    "first": piece,
                    "of": recording.pieces,
                },
            )
            entry["pieces"] = piece + 1 - entry["first"]
        write_text(self.path / INDEX / f"{name}.json", json.dumps(entries))
        for file, entry in entries.items():
            _count(self.done, file, entry)
        self._next += 1
        self._pieces.clear()
        self._added.clear()
        self._bytes = 0

    def write_failed(self, failed: dict[str, str]) -> None:
        """Write ``failed.csv``, or remove it where nothing failed.

        Args:
            failed: A sentence by path.
        """
        path = self.path / FAILED
        if not failed:
            with suppress(FileNotFoundError):
                path.unlink()
            return
        rows = ({"path": file, "reason": reason} for file, reason in failed.items())
        write_text(path, csv_table(["path", "reason"], rows))


def _lock(path: Path) -> FileLock | None:
    try:
        lock = FileLock.take(path / LOCK)
    except OSError:  # no locks on this file system
        return None
    if lock is None:
        raise ValueError(f"Another process is writing to {path}: wait for it, or name another one.")
    return lock


def _check_about(path: Path, about: dict[str, Any]) -> None:
    """See that a folder is new or holds embeddings of the same making."""
    file = path / ABOUT
    if not file.exists():
        if others := sorted(p.name for p in path.iterdir() if not p.name.startswith(".")):
            raise ValueError(
                f"{path} holds other things ({one_printable_line(others[0])}): name a new folder."
            )
        return
    try:
        there = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        there = None
    if not isinstance(there, dict) or there.get("format") != FORMAT:
        raise ValueError(f"{file} was not written by this version of msbench: name a new folder.")
    for key in {**there, **about}:
        if there.get(key) != about.get(key):
            before, now = (one_printable_line(values.get(key)) for values in (there, about))
            raise ValueError(
                f"{path} holds other embeddings ({key}: {before} there, {now} now): name a new "
                "folder."
            )


def _read_index(folder: Path) -> tuple[dict[str, DoneFile], int]:
    """What the shards hold, and the number of the next one."""
    done: dict[str, DoneFile] = {}
    following = 0
    for file in sorted(folder.glob("*.json")):
        try:
            entries = json.loads(file.read_text(encoding="utf-8"))
            for path, entry in entries.items():
                _count(done, path, entry)
            following = int(file.stem) + 1
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ValueError(
                f"{file} is damaged: delete it to have its files embedded again."
            ) from None
    return done, following


def _remove_uncounted(path: Path) -> None:
    """Delete shards that a process wrote and was killed before they counted."""
    counted = {file.stem for file in (path / INDEX).glob("*.json")}
    for kind in KINDS:
        for shard in (path / kind).glob("*.*"):
            if shard.stem not in counted:
                shard.unlink()


def _count(done: dict[str, DoneFile], path: str, entry: dict[str, Any]) -> None:
    last = int(entry["first"]) + int(entry["pieces"])
    done[path] = DoneFile(int(entry["size"]), int(entry["modified_ns"]), last, int(entry["of"]))
