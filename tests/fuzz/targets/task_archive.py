"""A task's archive, as ``msbench tasks get`` reads it: a tar, gzipped here (first byte: t or g)."""

import gzip
import json
from pathlib import Path

from benchmark.tasks.get.archive import ArchiveError, Limits, read_archive
from tests.benchmark.tasks.get.archives import FOLDER, member, tar_gz
from tests.fuzz.mutation import with_right_sums
from tests.fuzz.target import Target

LIMITS = Limits(total_bytes=1 << 20, file_bytes=1 << 16, files=50, header_bytes=1 << 14)
CONTENT = {
    "task_metadata.json": json.dumps({"task_name": "x"}).encode(),
    "labelvocabulary.csv": b"idx,label\r\n0,cat\r\n",
    "train.json": b"{}",
    "48000/train/a.wav": b"RIFF" * 20,
}
ARCHIVE = tar_gz(member(f"tasks/{FOLDER}/{place}", data) for place, data in CONTENT.items())


def read(data: bytes, folder: Path) -> None:
    """Every place must lie in the folder."""
    path = folder / "archive.tar.gz"
    zipped = data[:1] == b"g"
    path.write_bytes(data[1:] if zipped else gzip.compress(with_right_sums(data[1:]), 1, mtime=0))
    for entry in read_archive(path, FOLDER, lambda done, size: None, LIMITS):
        assert not entry.place.is_absolute() and ".." not in entry.place.parts
        assert (folder / entry.place).resolve().is_relative_to(folder.resolve())
        assert len(entry.place.parts) in (1, 3)
        str(entry.place).encode()


TARGET = Target(read, (b"t" + gzip.decompress(ARCHIVE)[:6144], b"g" + ARCHIVE), (ArchiveError,))
