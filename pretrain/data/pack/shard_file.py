"""Files of a packed folder: shards, what is known of their clips, and what was left out."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from msssl_common.csv_tables import csv_table
from msssl_common.files import write_bytes, write_text
from pretrain.data.audio import SAMPLE_RATE

JOURNAL = "journal"  # folder: a JSON file per finished shard, which makes it count
MANIFEST = "manifest.csv"
SETTINGS = "pack.json"
DROPPED = "dropped.csv"


class ManifestRow(NamedTuple):
    """A clip in the shards; a line of manifest.csv.

    Attributes:
        clip_id: As in the list.
        source: Tag.
        labels: AudioSet's, separated by commas.
        seconds: Duration.
        samples: Length, 16 kHz.
        loudness_lufs: Integrated, ITU-R BS.1770-4.
        sha256: Of the decoded samples before encoding, hex.
        shard: File name.
        offset: Of the encoded clip in the shard, bytes.
        size: Of the encoded clip, bytes.
    """

    clip_id: str
    source: str
    labels: str
    seconds: float
    samples: int
    loudness_lufs: float
    sha256: str
    shard: str
    offset: int
    size: int


class DroppedRow(NamedTuple):
    """A clip that was left out; a line of dropped.csv."""

    clip_id: str
    why: str
    detail: str


class Member(NamedTuple):
    """A clip on its way into a shard: key without dots, suffix, encoded bytes, row."""

    key: str
    suffix: str
    data: bytes
    row: ManifestRow


@dataclass(frozen=True)
class Journal:
    """What a finished shard holds, and how far the list was read for it.

    Attributes:
        end: Clips of the list that were looked at, from its start.
        rows: Of this shard.
        dropped: Since the shard before.
    """

    end: int
    rows: list[ManifestRow]
    dropped: list[DroppedRow]


def shard_name(number: int) -> str:
    """File name of a shard (0, 1, ...)."""
    return f"shard-{number:06d}.tar"


def write_shard(folder: Path, number: int, members: Sequence[Member]) -> list[ManifestRow]:
    """Write a shard, atomically; the same clips give the same bytes.

    Returns:
        The members' rows, with shard, offset and size filled in.
    """
    buffer = io.BytesIO()
    rows = []
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for member in members:
            name = shard_name(number)
            offset = buffer.tell() + tarfile.BLOCKSIZE  # after the header of this file
            _add(tar, f"{member.key}.{member.suffix}", member.data)
            row = member.row._replace(shard=name, offset=offset, size=len(member.data))
            _add(tar, f"{member.key}.json", _card(row))
            rows.append(row)
    write_bytes(folder / shard_name(number), buffer.getvalue())
    return rows


def write_journal(folder: Path, number: int, journal: Journal) -> None:
    """Make a shard count; it must be there already."""
    content = {"end": journal.end, "rows": journal.rows, "dropped": journal.dropped}
    write_text(folder / JOURNAL / f"{number:06d}.json", json.dumps(content))


def read_journals(folder: Path) -> Iterator[Journal]:
    """Finished shards, in order, up to the first that is not."""
    number = 0
    while (path := folder / JOURNAL / f"{number:06d}.json").is_file():
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [ManifestRow(*row) for row in content["rows"]]
        if rows and not (folder / rows[0].shard).is_file():
            return
        dropped = [DroppedRow(*row) for row in content["dropped"]]
        yield Journal(content["end"], rows, dropped)
        number += 1


def write_tables(folder: Path) -> None:
    """Write dropped.csv and, last, manifest.csv, whose presence says that all is packed."""
    dropped = (row._asdict() for journal in read_journals(folder) for row in journal.dropped)
    write_text(folder / DROPPED, csv_table(DroppedRow._fields, dropped))
    # Clips are found by shard and place: their names are read, but open no file.
    rows = (row._asdict() for journal in read_journals(folder) for row in journal.rows)
    write_text(folder / MANIFEST, csv_table(ManifestRow._fields, rows))


def remove_parts(folder: Path) -> None:
    """Remove what a killed process had half written."""
    for part in (*folder.glob(".*.part"), *(folder / JOURNAL).glob(".*.part")):
        part.unlink()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)  # time, owner and group are 0
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _card(row: ManifestRow) -> bytes:
    """What webdataset's users find beside the audio."""
    kept = ("clip_id", "source", "labels", "seconds", "loudness_lufs", "sha256")
    card: dict[str, Any] = {name: getattr(row, name) for name in kept}
    return json.dumps({**card, "sample_rate": SAMPLE_RATE}).encode()
