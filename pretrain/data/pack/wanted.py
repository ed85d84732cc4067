"""The list of clips to pack."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pretrain.data.audio import find_audio, sources_of


@dataclass(frozen=True, slots=True)  # millions of them
class WantedClip:
    """One clip of the list.

    Attributes:
        clip_id: Unique in the list: a path below the folder, or ``YTID_START-IN-MS`` (the
            ``segment_id`` of AudioSet's strong labels).
        path: File below the data folder, with forward slashes; None where none was found.
        source: Tag: of a folder's manifest.csv, the first-level folder, or the name of the CSV.
        labels: AudioSet's positive labels, separated by commas; empty for a folder.
        start: Of the clip in its recording, seconds.
        end: Likewise; None for the whole file.
    """

    clip_id: str
    path: str | None
    source: str
    labels: str = ""
    start: float = 0.0
    end: float | None = None


def clips_of_folder(folder: Path) -> list[WantedClip]:
    """Every audio file below a folder, whole, sorted by path.

    Raises:
        FileNotFoundError: The folder is absent.
        ValueError: It holds no audio, or its manifest.csv lacks a column.
    """
    names = [path.relative_to(folder).as_posix() for path in find_audio(folder)]
    sources = sources_of(folder, names)
    return [WantedClip(name, name, source) for name, source in zip(names, sources, strict=True)]


def shuffled(wanted: Sequence[WantedClip]) -> list[WantedClip]:
    """The list in an order without order (that of the ids' hashes): a shard is to hold all kinds.

    Streams shuffle only within a buffer, and a folder sorted by name gives shards of one kind each.
    """

    def key(clip: WantedClip) -> bytes:
        return hashlib.sha256(os.fsencode(clip.clip_id)).digest()

    return sorted(wanted, key=key)


def list_hash(wanted: Sequence[WantedClip]) -> str:
    """Sha256 (hex) of everything in the list: tells one list from another."""
    digest = hashlib.sha256()
    for clip in wanted:
        fields = (clip.clip_id, clip.path, clip.source, clip.labels, clip.start, clip.end)
        digest.update(("\t".join(map(repr, fields)) + "\n").encode())
    return digest.hexdigest()
