"""The packing of a list of clips into a folder of shards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from msssl_common.decoder_notes import tell
from msssl_common.files import check_writable, write_text
from msssl_common.locks import locked_or_refused
from pretrain.data.audio import SAMPLE_RATE
from pretrain.data.pack.clip import WHYS, Dropped, PackArgs, Packed
from pretrain.data.pack.codec import check_codec
from pretrain.data.pack.shard_file import (
    MANIFEST,
    SETTINGS,
    DroppedRow,
    Journal,
    ManifestRow,
    Member,
    read_journals,
    remove_parts,
    write_journal,
    write_shard,
    write_tables,
)
from pretrain.data.pack.wanted import WantedClip, list_hash, shuffled
from pretrain.data.pack.workers import prepared

FORMAT = 1  # of the folder


@dataclass(frozen=True)
class Summary:
    """What became of a list.

    Attributes:
        wanted: Clips in the list.
        packed: Clips in the shards.
        shards: Files.
        hours: Of the packed clips.
        size: Of the encoded clips, bytes.
        dropped: Clips left out, by reason.
        cpu_seconds: Of the workers, in this session.
    """

    wanted: int
    packed: int
    shards: int
    hours: float
    size: int
    dropped: dict[str, int]
    cpu_seconds: float

    def __str__(self) -> str:
        """One line."""
        dropped = ", ".join(f"{self.dropped.get(why, 0)} {why}" for why in WHYS)
        return (
            f"{self.wanted:,} wanted: {self.packed:,} packed into {self.shards:,} "
            f"shard{'s' * (self.shards != 1)} "
            f"({self.hours:.2f} h, {self.size / 1e6:,.1f} MB), {dropped}"
        )


def pack(
    wanted: Sequence[WantedClip],
    data: Path,
    out: Path,
    args: PackArgs,
    processes: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Summary:
    """Pack clips, or go on packing them; the shards are the same however often it was killed.

    Clips are decoded by many processes and written by this one in order, so that the
    first of several equal clips is kept whatever the timing.

    Args:
        wanted: The list; packed in the order of `shuffled`.
        data: Folder that its paths are below.
        out: Folder of the shards.
        args: How.
        processes: How many decode.
        progress: Told how many clips of the list were looked at.

    Raises:
        ValueError: The folder holds other shards, another process is writing to it, the codec is
            not available, or no clip of the list can be used.
        OSError: Shards cannot be written.
    """
    check_codec(args.codec)
    wanted = shuffled(wanted)
    check_writable(out)
    busy = ValueError(f"{out}: another mspretrain pack is writing to it; wait for it")
    with locked_or_refused(out / ".lock", busy):
        settings = {"format": FORMAT, "sample_rate": SAMPLE_RATE, **asdict(args)}
        listed = {"clips": len(wanted), "sha256_of_list": list_hash(wanted)}
        _check_same(out, {**settings, **listed})
        remove_parts(out)
        packing = Packing(wanted, data, out, args, processes)
        packing.run(progress)
        return packing.finish()


class Packing:
    """A packing in progress.

    Attributes:
        shards: Finished, those of earlier sessions included.
        done: Clips of the list that these took.
        first: Clip that each hash was first seen in.
    """

    def __init__(
        self,
        wanted: Sequence[WantedClip],
        data: Path,
        out: Path,
        args: PackArgs,
        processes: int,
    ) -> None:
        """Find out how far it is; arguments as of `pack`."""
        self.wanted, self.data, self.out = wanted, data, out
        self.args, self.processes = args, processes
        self.shards = self.done = 0
        self.first: dict[bytes, str] = {}
        for journal in read_journals(out):
            self.shards, self.done = self.shards + 1, journal.end
            self.first |= {bytes.fromhex(row.sha256): row.clip_id for row in journal.rows}
        self.cpu_seconds = 0.0
        self.members: list[Member] = []
        self.dropped: list[DroppedRow] = []

    def run(self, progress: Callable[[int], None]) -> None:
        """Do the shards that are left."""
        start = done = self.done
        progress(done)
        results = prepared(self.wanted[start:], self.data, self.args, self.processes)
        for clip, result in zip(self.wanted[start:], results, strict=True):
            self.take(done, clip, result.clip)
            self.cpu_seconds += result.cpu_seconds
            done += 1
            if len(self.members) == self.args.clips_per_shard:
                self.close_shard(done)
            progress(done)
        if self.members or self.dropped:
            self.close_shard(done)

    def take(self, index: int, clip: WantedClip, result: Packed | Dropped) -> None:
        """Put a clip into the current shard, or among those left out."""
        if isinstance(result, Dropped):
            self.dropped.append(DroppedRow(clip.clip_id, *result))
            return
        twin = self.first.setdefault(bytes.fromhex(result.sha256), clip.clip_id)
        if twin != clip.clip_id:
            self.dropped.append(DroppedRow(clip.clip_id, "duplicate", f"the samples of {twin}"))
            return
        tell(self.data / (clip.path or clip.clip_id), result.damage)
        row = ManifestRow(
            clip.clip_id,
            clip.source,
            clip.labels,
            round(result.samples / SAMPLE_RATE, 3),
            result.samples,
            result.loudness,
            result.sha256,
            shard="",
            offset=0,
            size=0,
        )
        # The place in the list: a name may hold dots, which end webdataset's keys.
        self.members.append(Member(f"{index:09d}", self.args.codec, result.data, row))

    def close_shard(self, end: int) -> None:
        """Write the current shard, then make it count."""
        rows = write_shard(self.out, self.shards, self.members) if self.members else []
        write_journal(self.out, self.shards, Journal(end, rows, self.dropped))
        self.shards += 1
        self.members, self.dropped = [], []

    def finish(self) -> Summary:
        """Write the tables.

        Raises:
            ValueError: Nothing was packed.
        """
        why: Counter[str] = Counter()
        packed = shards = samples = size = 0
        example = DroppedRow("", "", "")
        for journal in read_journals(self.out):
            why.update(row.why for row in journal.dropped)
            packed, shards = packed + len(journal.rows), shards + bool(journal.rows)
            samples += sum(row.samples for row in journal.rows)
            size += sum(row.size for row in journal.rows)
            example = (*journal.dropped, example)[0]
        if packed == 0:
            raise ValueError(
                f"none of {len(self.wanted)} clips can be packed ({example.clip_id}: "
                f"{example.why}, {example.detail}); check --data"
            )
        write_tables(self.out)
        hours = samples / SAMPLE_RATE / 3600
        return Summary(len(self.wanted), packed, shards, hours, size, dict(why), self.cpu_seconds)


def _check_same(out: Path, settings: dict[str, Any]) -> None:
    """Note the settings of a folder that is new; refuse to resume with others."""
    path = out / SETTINGS
    if not path.is_file():
        if (out / MANIFEST).exists():
            raise ValueError(f"{out} holds a {MANIFEST} but no shards of ours; give another --out")
        write_text(path, json.dumps(settings, indent=2) + "\n")
        return
    stored = json.loads(path.read_text(encoding="utf-8"))
    for key, value in settings.items():
        if stored.get(key) != value:
            raise ValueError(
                f"{out} was begun with {key} {stored.get(key)!r}, not {value!r}; pack the same "
                "list with the same settings, or give another --out"
            )
