"""Any HEAR module over any audio files."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmark.embeddings.ahead import readers
from benchmark.embeddings.batches import BatchEmbedder, Clip, Embedded, chunks
from benchmark.embeddings.embed import GPU_CHUNK_SECONDS
from benchmark.file_embeddings.find import find_recordings
from benchmark.file_embeddings.folder import DoneFile, EmbeddingFolder
from benchmark.file_embeddings.recording import Recording, open_recording, read_piece
from benchmark.file_embeddings.shards import KINDS, Kind, Layout, Rows, check_layout
from benchmark.models.fingerprint import module_hash, weights_hash
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.messages import WorkerRaisedError
from benchmark.models.worker.module import WorkerModule
from msssl_common.devices import resolve_device
from msssl_common.messages import reason_for_cell
from msssl_common.workers import map_ahead

PIECE_SECONDS: Final = 300
CHUNK_SECONDS: Final = 60.0
"""Audio given to the module at once on a CPU, as `benchmark.embeddings.embed` does: clips of equal
length share batches."""

FILES_AHEAD: Final = 64  # opened and checked
PIECES_AHEAD: Final = 2  # for a thread; decoded, in memory: 19 MB each at 16 kHz and five minutes
GIVE_UP_AFTER: Final = 20
"""Files that the module fails on at the start of a run, none embedded, before the run is ended."""

Read = tuple[Recording, int, NDArray[np.float32]]
"""A file, one of its pieces, and that one's audio."""


@dataclass
class EmbeddedFiles:
    """What `embed_files` did.

    Attributes:
        out: The folder.
        embedded: Files embedded now.
        kept: Files that an earlier run had embedded.
        failed: Why files were skipped, a sentence by path.
        upsampled: Files at a lower rate than the module's: their upper band is empty.
        audio_seconds: Length of what was embedded now.
        caution: Why the embeddings should not be used, a sentence: the module keeps a state between
            calls that changes them. None where it gave its first clip the same again.
    """

    out: Path
    embedded: int = 0
    kept: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    upsampled: int = 0
    audio_seconds: float = 0.0
    caution: str | None = None


def embed_files(
    module: str | HearModule,
    paths: Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    kinds: Sequence[Kind] = ("scene",),
    layout: Layout = "parquet",
    piece_seconds: int = PIECE_SECONDS,
    device: str = "cpu",
    in_process: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> EmbeddedFiles:
    """Embed audio files into a folder of shards, and go on where an earlier call was stopped.

    Files of any rate and number of channels are mixed down and resampled. A file that cannot be
    read or embedded is skipped and named; the others go on. Nothing is printed.

    Args:
        module: Import name of a HEAR module, or ``NAME=CHECKPOINT``, or a loaded one.
        paths: Files and folders, as `find_recordings` takes them.
        out: Folder of the shards (`benchmark.file_embeddings.folder`).
        kinds: ``scene``, ``timestamps`` or both.
        layout: ``parquet`` (needs pyarrow) or ``npz``.
        piece_seconds: Files longer than this are embedded in pieces of this length, each with its
            own scene embedding; no frame sees beyond its piece.
        device: Of a module that is to be loaded: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps``.
        in_process: Whether to load it into this process, for a debugger. Otherwise it has a process
            of its own, which ends with the call.
        progress: Called with (files done, files in all).

    Raises:
        ValueError: There is nothing to embed, the module cannot be loaded or fails on every file
            of the first twenty, pyarrow is absent, or ``out`` holds other embeddings.
        OSError: ``out`` cannot be written to.
    """
    if not kinds or set(kinds) - set(KINDS):
        raise ValueError(f"kinds must be one or both of {', '.join(KINDS)}, not {kinds!r}")
    if piece_seconds < 1:
        raise ValueError(f"piece_seconds must be 1 or more, not {piece_seconds}")
    check_layout(layout)
    files = find_recordings(paths)
    if isinstance(module, HearModule):
        return _embed(module, files, Path(out), kinds, layout, piece_seconds, progress)
    ours = None if in_process else Interpreter.here()
    with closing(load_hear_module(module, resolve_device(device), ours)) as hear:
        return _embed(hear, files, Path(out), kinds, layout, piece_seconds, progress)


def _embed(
    hear: HearModule,
    files: Sequence[str],
    out: Path,
    kinds: Sequence[Kind],
    layout: Layout,
    piece_seconds: int,
    progress: Callable[[int, int], None] | None,
) -> EmbeddedFiles:
    chosen = [kind for kind in KINDS if kind in kinds]
    with EmbeddingFolder.open(out, layout, _about(hear, chosen, piece_seconds)) as folder:
        work = _Work(hear, folder, chosen, piece_seconds, len(files), progress)
        work.embed(files)
        folder.flush()
        folder.write_failed(work.result.failed)
        work.result.caution = _state_between_calls(hear)
        return work.result


def _state_between_calls(hear: HearModule) -> str | None:
    """A sentence if the module's first clip has other embeddings by now."""
    try:
        if isinstance(hear.module, WorkerModule):
            hear.module.inputs()
    except (HearModuleError, WorkerRaisedError) as error:
        return reason_for_cell(error, debug=False)
    return None


def _about(hear: HearModule, kinds: Sequence[Kind], piece_seconds: int) -> dict[str, object]:
    weights = weights_hash(hear.model)
    return {
        "module": hear.spec,
        "label": hear.label,
        "weights_sha256": weights,
        "module_sha256": module_hash(hear, weights),
        "sample_rate": hear.sample_rate,
        "scene_embedding_size": hear.scene_embedding_size,
        "timestamp_embedding_size": hear.timestamp_embedding_size,
        "kinds": list(kinds),
        "piece_seconds": piece_seconds,
    }


class _Work:
    """One call of `embed_files`: files in, shards out, failures aside."""

    def __init__(
        self,
        hear: HearModule,
        folder: EmbeddingFolder,
        kinds: Sequence[Kind],
        piece_seconds: int,
        total: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.hear = hear
        self.folder = folder
        self.piece_seconds = piece_seconds
        self.result = EmbeddedFiles(folder.path)
        seconds = CHUNK_SECONDS if hear.device == "cpu" else GPU_CHUNK_SECONDS
        samples = int(seconds * hear.sample_rate)
        self._readers = readers(hear.device)
        self._chunk_samples = samples
        self._embedders = {k: BatchEmbedder(hear, k == "scene", samples) for k in kinds}
        self._refused = 0  # files, by the module
        self._total = total
        self._progress = progress
        self._on_their_way: deque[tuple[Recording, int]] = deque()  # pieces, in the clips' order

    def embed(self, files: Sequence[str]) -> None:
        """Embed all files that are not done."""
        self._report()
        with closing(self._clips(files)) as clips:
            for chunk in chunks(clips, self._chunk_samples):
                for clip, rows in self._embedded(chunk):
                    recording, piece = self._on_their_way.popleft()
                    if recording.path in self.result.failed:
                        continue
                    if isinstance(rows, HearModuleError):
                        self._fail(recording.path, rows)
                    else:
                        self._add(recording, piece, clip, rows)

    def _clips(self, files: Iterable[str]) -> Generator[Clip, None, None]:
        """Pieces that are to be embedded, decoded; what cannot be read fails here."""
        for recording, piece, audio in self._read(self._opened(self._left(files))):
            name = recording.path
            if recording.pieces > 1:
                name += f" from {recording.start_seconds(piece)} s"
            self._on_their_way.append((recording, piece))
            yield name, audio

    def _left(self, files: Iterable[str]) -> Iterator[str]:
        """Files of which anything is still to be embedded; one that was changed since fails."""
        for path in files:
            done = self.folder.done.get(path)
            if done is not None and Path(path).is_file():
                status = Path(path).stat()
                if (done.size, done.modified_ns) != (status.st_size, status.st_mtime_ns):
                    changed = ValueError(
                        f"{path} was changed after it had been embedded, and the rows are the old "
                        "file's: embed it into a new folder."
                    )
                    self._fail(path, changed)
                    continue
                if done.is_whole:
                    self.result.kept += 1
                    self._report()
                    continue
            yield path

    def _opened(self, files: Iterable[str]) -> Iterator[Recording]:
        def opened(path: str) -> Recording | Exception:
            try:
                return open_recording(path, self.piece_seconds)
            except (ValueError, OSError, RuntimeError) as error:
                return error

        with closing(map_ahead(opened, files, self._readers, FILES_AHEAD)) as found:
            for path, recording in found:
                if isinstance(recording, Exception):
                    self._fail(path, recording)
                else:
                    yield recording

    def _read(self, recordings: Iterable[Recording]) -> Iterator[Read]:
        def keys() -> Iterator[tuple[Recording, int]]:
            for recording in recordings:
                first = self.folder.done.get(recording.path, DoneFile(0, 0, 0, 0)).pieces
                for piece in range(first, recording.pieces):
                    yield recording, piece

        def read(key: tuple[Recording, int]) -> NDArray[np.float32] | Exception:
            try:
                return read_piece(*key, self.hear.sample_rate)
            except (ValueError, OSError, RuntimeError, MemoryError) as error:
                return error

        ahead = PIECES_AHEAD * self._readers
        with closing(map_ahead(read, keys(), self._readers, ahead)) as found:
            for (recording, piece), audio in found:
                if isinstance(audio, Exception):
                    self._fail(recording.path, audio)
                elif recording.path not in self.result.failed:
                    yield recording, piece, audio

    def _embedded(
        self, clips: list[Clip]
    ) -> Iterator[tuple[Clip, dict[Kind, Embedded] | HearModuleError]]:
        """Each clip with its embeddings; where a batch fails, its clips are tried one by one."""
        try:
            found = {kind: e.embed(clips) for kind, e in self._embedders.items()}
        except HearModuleError as error:
            if len(clips) == 1:
                yield clips[0], error
                return
            for clip in clips:
                yield from self._embedded([clip])
            return
        for index, clip in enumerate(clips):
            yield clip, {kind: embedded[index] for kind, embedded in found.items()}

    def _add(
        self, recording: Recording, piece: int, clip: Clip, embedded: dict[Kind, Embedded]
    ) -> None:
        start, seconds = recording.start_seconds(piece), len(clip[1]) / self.hear.sample_rate
        last = piece == recording.pieces - 1
        rows = {}
        for kind, (embeddings, timestamps) in embedded.items():
            times = None
            if kind == "timestamps":
                # A frame at the very end of a piece is the first one of the next piece.
                own = slice(None) if last else timestamps < 1000.0 * seconds
                embeddings, times = embeddings[own], timestamps[own] + 1000.0 * start
            rows[kind] = Rows(recording.path, float(start), seconds, embeddings, times)
        self.folder.add(recording, piece, rows)
        self.result.audio_seconds += seconds
        if last:
            self.result.embedded += 1
            self.result.upsampled += recording.rate < self.hear.sample_rate
            self._report()

    def _fail(self, path: str, error: Exception) -> None:
        if path not in self.result.failed:
            self.result.failed[path] = reason_for_cell(error, debug=False)
            self._report()
        nothing = not self.result.embedded and not self.folder.done
        if nothing and isinstance(error, HearModuleError):
            self._refused += 1
            if self._refused >= GIVE_UP_AFTER:
                raise HearModuleError(
                    f"{self.hear.spec} failed on each of the first {self._refused} files, at last: "
                    f"{error}"
                )

    def _report(self) -> None:
        if self._progress:
            result = self.result
            done = result.embedded + result.kept + len(result.failed)
            self._progress(done, self._total)
