"""Clips from shards (parquet files, tar files): audio goes to a folder, the rest into its table.

The folder and its table are then read like any folder with a CSV, so that audio, labels and splits
are checked as the user's own are.
"""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from benchmark.events.table import Event
from benchmark.tasks.make.names import clip_stem
from benchmark.tasks.make.sources import Sources
from benchmark.tasks.make.split_names import is_split_name
from msssl_common.audio_folders import AUDIO_SUFFIXES, find_audio_files
from msssl_common.files import rename_durably

TABLE: Final = "rows.csv"
HEADERS: Final = ("file", "label", "onset", "offset", "split", "fold", "group")
SHARD_NAME: Final = re.compile(r"(.+?)[-_.]\d{4,}(-of-\d+)?(-[0-9a-f]+)?")  # train-00000-of-00003
MAGICS: Final = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"FORM": ".aiff"}


@dataclass(frozen=True)
class ShardClip:
    """What a shard says of a clip.

    Attributes:
        name: The recording's own name, with or without folders; "" if it has none.
        audio: Bytes of its file; None where ``name`` is the path of a file that lies elsewhere.
        labels: Its labels.
        events: Its events in ms; None of a clip with labels.
        split: What the data calls its split.
        fold: What the data calls its fold.
        group: What must not straddle two splits.
    """

    name: str
    audio: bytes | None
    labels: Sequence[str] = ()
    events: Sequence[Event] | None = None
    split: str = ""
    fold: str = ""
    group: str = ""


@dataclass
class ShardFolder:
    """A folder of audio with its table, as it is written.

    Attributes:
        folder: Where to.
    """

    folder: Path
    _rows: list[dict[str, object]] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)

    def add(self, clip: ShardClip) -> None:
        """Write a clip's audio, and note its rows."""
        about: dict[str, object] = {"file": self._file(clip), "split": clip.split}
        about |= {"fold": clip.fold, "group": clip.group}
        if clip.events is None:
            self._rows += [{**about, "label": label} for label in clip.labels or [""]]
        else:
            self._rows += [
                {**about, "label": e.label, "onset": e.onset_ms, "offset": e.offset_ms}
                for e in clip.events
            ] or [about]

    def write_table(self, used: Sequence[str]) -> None:
        """Write the table with the columns that are used."""
        with (self.folder / TABLE).open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, used, extrasaction="ignore", restval="")
            table.writeheader()
            table.writerows(self._rows)

    @property
    def used(self) -> list[str]:
        """Columns that hold something, and those that a table must have."""
        events = any("onset" in row for row in self._rows)
        needed = HEADERS[:4] if events else HEADERS[:2]
        return [name for name in HEADERS if name in needed or any(r.get(name) for r in self._rows)]

    def _file(self, clip: ShardClip) -> str:
        if clip.audio is None:
            path = PurePosixPath(clip.name.replace("\\", "/"))
            outside = path.is_absolute() or ".." in path.parts
            return path.name if outside else str(path)
        name = Path(clip.name.replace("\\", "/")).name
        suffix = Path(name).suffix.lower()
        if suffix not in AUDIO_SUFFIXES:
            suffix = MAGICS.get(clip.audio[:4], ".mp3" if clip.audio[:3] == b"ID3" else ".wav")
        stem = clip_stem(name.removesuffix(Path(name).suffix).lstrip(".")) or "clip"
        if f"{stem}{suffix}".casefold() in self._taken:
            stem = f"{stem[:150]}-{len(self._taken)}"
        self._taken.add(f"{stem}{suffix}".casefold())
        (self.folder / f"{stem}{suffix}").write_bytes(clip.audio)
        return f"{stem}{suffix}"


def split_of_shard(shard: Path) -> str:
    """The split in a shard's name (``train-00000-of-00003``) or its folder's; "" if none is."""
    stem = shard.name.partition(".")[0]
    match = SHARD_NAME.fullmatch(stem)
    for name in (match[1] if match else stem, shard.parent.name):
        if is_split_name(name):
            return name
    return ""


def find_shards(raw: Sources, suffix: str) -> list[Path]:
    """The shards among the sources and in their folders, sorted.

    Raises:
        FileNotFoundError: There are none.
    """
    found = [path for path in raw.paths if path.is_file() and path.suffix == suffix]
    for path in raw.paths:
        if path.is_dir():
            found += find_audio_files(path, frozenset({suffix})).files
    if not found:
        raise FileNotFoundError(f"{', '.join(map(str, raw.paths))}: no {suffix} file is there.")
    return sorted(set(found))


def unpacked_shards(
    raw: Sources,
    shards: Sequence[Path],
    choices: object,
    read: Callable[[Path, Callable[[int, int], None]], Iterable[ShardClip]],
) -> Path:
    """Unpack shards into a folder that appears when it is whole; reuse it if it is there.

    Args:
        raw: The sources.
        shards: Files.
        choices: What else decides what comes out: part of the folder's name.
        read: Reads a shard, clip by clip, and tells its progress: (done, total).
    """
    digest = hashlib.sha256(repr(choices).encode())
    for shard in shards:
        status = shard.stat()
        digest.update(f"{shard.resolve()} {status.st_size} {status.st_mtime_ns}".encode())
    folder = raw.scratch / f"shards-{digest.hexdigest()[:8]}"
    if folder.is_dir():
        return folder
    part = folder.with_name(f"{folder.name}.part")
    with suppress(FileNotFoundError):
        shutil.rmtree(part)
    part.mkdir(parents=True)
    into = ShardFolder(part)
    with raw.progress(f"Unpacking {len(shards)} shards") as progress:
        total = sum(shard.stat().st_size for shard in shards)
        before = 0
        for shard in shards:
            size = shard.stat().st_size

            def advance(done: int, of: int, before: int = before, size: int = size) -> None:
                progress(before + size * done // max(of, 1), total)

            for clip in read(shard, advance):
                into.add(clip)
            before += size
            progress(before, total)
    into.write_table(into.used)
    rename_durably(part, folder)
    return folder


def column_name(columns: Mapping[str, str], meaning: str) -> str:
    """The name of the column of a meaning."""
    return columns.get(meaning, meaning)
