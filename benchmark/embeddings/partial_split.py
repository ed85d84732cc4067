"""A split while it is embedded: it survives its process, and is safe from a second one.

Layout, inside the folder of a cache entry::

    .{split}.part/lock             locked by the process that writes here
    .{split}.part/embeddings.npy   rows so far; its header counts them at the end
    .{split}.part/timestamps.npy   event tasks only
    .{split}.part/journal.json     how many rows are valid; written every few seconds
    .{split}.part/record.json      the split's record: only the renaming is left to do

Who may write there, `benchmark.embeddings.partial_folder` says.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from types import TracebackType
from typing import Any

import numpy as np

from benchmark.embeddings.batches import Embedded
from benchmark.embeddings.cache import CacheEntry, SplitRecord, read_record, record_text
from benchmark.embeddings.npy_writer import NpyWriter
from benchmark.embeddings.partial_folder import PartialFolder, remove_abandoned
from msssl_common.files import rename_durably, write_text
from msssl_common.locks import locked_if_possible

JOURNAL_SECONDS = 2.0  # between journals; at most this much work is lost, and a batch

EMBEDDINGS, TIMESTAMPS, JOURNAL, RECORD = (
    "embeddings.npy",
    "timestamps.npy",
    "journal.json",
    "record.json",
)


@dataclass(frozen=True)
class SplitProgress:
    """How far a split is.

    Attributes:
        made_from: Hash of all that decides the rows and is not in the entry's key.
        batch_samples: Most samples the module is given at once; fewer after it ran out of memory.
        clips: Clips done.
        samples: Their length together.
        frames_per_clip: Frames of each; empty for scenes.
        embeddings_crc32: Checksum of the embeddings' bytes so far.
        timestamps_crc32: Checksum of the timestamps' bytes so far.
        seconds: Wall time spent on them.
        model_seconds: The part of it inside the module.
        peak_memory_bytes: Peak memory of the runs so far, or None.
    """

    made_from: str
    batch_samples: int
    clips: int = 0
    samples: int = 0
    frames_per_clip: list[int] = field(default_factory=list)
    embeddings_crc32: int = 0
    timestamps_crc32: int = 0
    seconds: float = 0.0
    model_seconds: float = 0.0
    peak_memory_bytes: int | None = None


class PartialSplit:
    """The rows of a split so far; a context manager that keeps them whatever happens.

    On entering, files that another run left complete are put in place (``CacheEntry.load`` finds
    them then), rows that it left unfinished are continued, and anything that does not fit in
    with its journal is dropped.

    Args:
        entry: The cache entry.
        split: The split's name.
        size: Length of an embedding.
        scene: Whether rows are clips; frames have timestamps too.
        fresh: The journal of a split without rows.

    Attributes:
        journal: How far it is.
    """

    def __init__(
        self, entry: CacheEntry, split: str, size: int, scene: bool, fresh: SplitProgress
    ) -> None:
        self.entry = entry
        self.split = split
        self.scene = scene
        self.journal = fresh
        self._size = size
        self._fresh = fresh
        self._embeddings: NpyWriter
        self._timestamps: NpyWriter | None = None

    def __enter__(self) -> PartialSplit:
        remove_abandoned(self.entry.folder)
        self._part = PartialFolder.claim(self.entry.folder, self.split)
        try:
            with suppress(OSError, ValueError, TypeError):  # there is none, most often
                self._put_in_place()
            self._open()
        except BaseException:
            self._part.release()
            raise
        self._saved = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the rows for the next run, unless they are in place or nobody could find them."""
        with suppress(OSError):  # e.g. a full disk, which may be the error
            if not self._part.private and kind is not None:
                self._save()
        with suppress(OSError):
            self._close()
        if self._part.private or kind is None:
            self._part.remove()
        self._part.release()

    def append(self, embedded: Sequence[Embedded], progress: SplitProgress) -> None:
        """Add clips' embeddings and timestamps, in row order, and now and then save the journal.

        Args:
            embedded: What the module made of the clips.
            progress: The journal with what the caller knows of them: their samples and costs.
        """
        clips = progress.clips + len(embedded)
        self._embeddings.append(np.concatenate([rows for rows, _ in embedded]))
        timestamps_crc32 = 0
        if self._timestamps is not None:
            self._timestamps.append(np.concatenate([times for _, times in embedded]))
            timestamps_crc32 = self._timestamps.crc32
            # Frames of clips that are not counted yet do no harm.
            progress.frames_per_clip[progress.clips :] = [len(times) for _, times in embedded]
        # All at once: an interrupt, at which it is saved, must not find half of a change.
        self.journal = replace(
            progress,
            clips=clips,
            embeddings_crc32=self._embeddings.crc32,
            timestamps_crc32=timestamps_crc32,
        )
        if not self._part.private and time.monotonic() - self._saved >= JOURNAL_SECONDS:
            self._save()

    def finish(self, record: SplitRecord) -> None:
        """Put the files in place under a record; another process may have done it meanwhile."""
        self._close()
        write_text(self._part.path / RECORD, record_text(record))
        self._put_in_place()

    def _open(self) -> None:
        """Open the files where the journal says that their rows end, or empty."""
        try:
            fields: dict[str, Any] = json.loads((self._part.path / JOURNAL).read_text("utf-8"))
            self.journal = SplitProgress(**fields)
            if self.journal.made_from != self._fresh.made_from:
                raise ValueError("made in another way")
            self._open_files()
        except (OSError, ValueError, TypeError):
            with suppress(OSError):
                self._close()
            (self._part.path / JOURNAL).unlink(missing_ok=True)
            self.journal = self._fresh
            self._open_files()

    def _open_files(self) -> None:
        journal = self.journal
        rows = journal.clips if self.scene else sum(journal.frames_per_clip[: journal.clips])
        self._embeddings = NpyWriter(
            self._part.path / EMBEDDINGS,
            (self._size,),
            self.entry.dtype,
            rows,
            journal.embeddings_crc32,
        )
        if not self.scene:
            self._timestamps = NpyWriter(
                self._part.path / TIMESTAMPS, (), np.float64, rows, journal.timestamps_crc32
            )

    def _save(self) -> None:
        write_text(self._part.path / JOURNAL, json.dumps(asdict(self.journal)) + "\n")
        self._saved = time.monotonic()

    def _put_in_place(self) -> None:
        """Rename the files, the record last; a process that dies on the way can be followed up."""
        entry, split = self.entry, self.split
        clips = read_record(self._part.path / RECORD).clips
        with locked_if_possible(entry.folder / ".lock"):
            if entry.load(split, clips) is None:
                for name, path in (
                    (EMBEDDINGS, entry.embeddings_path(split)),
                    (TIMESTAMPS, entry.timestamps_path(split)),
                    (RECORD, entry.record_path(split)),
                ):
                    with suppress(FileNotFoundError):  # in place already
                        rename_durably(self._part.path / name, path)
        for left in (JOURNAL, RECORD):
            (self._part.path / left).unlink(missing_ok=True)

    def _close(self) -> None:
        for file in (getattr(self, "_embeddings", None), self._timestamps):
            if file is not None:
                file.close()
