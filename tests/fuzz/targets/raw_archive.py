"""An archive of raw data, as ``msbench tasks make`` unpacks it: tar or zip (first byte: t or z)."""

import gzip
import io
import zipfile
from pathlib import Path

from benchmark.tasks.make.sources import unpacked
from tests.fuzz.mutation import with_right_sums
from tests.fuzz.target import Target
from tests.fuzz.targets.task_archive import ARCHIVE, CONTENT


def zip_file(compression: int) -> bytes:
    """The same files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for place, data in CONTENT.items():
            archive.writestr(zipfile.ZipInfo(f"raw/{place}"), data, compression)
    return buffer.getvalue()


def read(data: bytes, folder: Path) -> None:
    """Whatever is written lies in the folder, and nothing is left of what is refused."""
    raw = folder / "raw"
    raw.mkdir()
    kind = "zip" if data[:1] == b"z" else "tar"
    path = folder / f"archive.{kind}"
    path.write_bytes(data[1:] if kind == "zip" else with_right_sums(data[1:]))
    try:
        unpacked(path, raw / "here", lambda done, size: None)
    finally:
        assert {p.name for p in folder.iterdir()} == {path.name, "raw"}
        assert {p.name for p in raw.iterdir()} <= {"here", "here.part"}
        for written in raw.rglob("*"):
            assert not written.is_symlink() and (written.is_dir() or written.is_file())


TARGET = Target(
    read,
    (
        b"t" + gzip.decompress(ARCHIVE)[:6144],
        b"z" + zip_file(zipfile.ZIP_STORED),
        b"z" + zip_file(zipfile.ZIP_DEFLATED),
    ),
    (ValueError, OSError),
)
