import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from benchmark.tasks.make.sources import unpacked


def silent(done: int, total: int) -> None:
    assert done <= total


def tar(path: Path, *members: tarfile.TarInfo, content: bytes = b"sound") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            member.size = len(content) if member.isfile() else 0
            archive.addfile(member, io.BytesIO(content))
    return path


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


def test_folders_and_files(tmp_path: Path) -> None:
    archive = tar(tmp_path / "raw.tar.gz", tarfile.TarInfo("./a/b.wav"), tarfile.TarInfo("c.wav"))
    folder = unpacked(archive, tmp_path / "out", silent)
    files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.wav")}
    assert files == {"a/b.wav": b"sound", "c.wav": b"sound"}
    archive.unlink()
    assert unpacked(archive, tmp_path / "out", silent) == folder  # unpacked once


@pytest.mark.parametrize("name", ["../out.wav", "/tmp/out.wav", "a/../../out.wav", "c:\\out.wav"])
def test_paths_that_lead_out(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "raw.zip", "w") as archive:
        archive.writestr(name, b"sound")
    for path in (tmp_path / "raw.zip", tar(tmp_path / "raw.tar.gz", tarfile.TarInfo(name))):
        with pytest.raises(ValueError, match="leads out of the archive's own folder"):
            unpacked(path, tmp_path / "folder" / "out", silent)
        assert not list(tmp_path.rglob("out.wav"))
        assert not (tmp_path / "folder" / "out").exists()


def test_links_and_devices(tmp_path: Path) -> None:
    device = tarfile.TarInfo("null")
    device.type = tarfile.CHRTYPE
    hard = link("a.wav", "b.wav")
    hard.type = tarfile.LNKTYPE
    for member in (link("a", "/etc"), device, hard):
        with pytest.raises(ValueError, match="is no plain file"):
            unpacked(tar(tmp_path / "raw.tgz", member), tmp_path / "out", silent)
    info = zipfile.ZipInfo("a")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "raw.zip", "w") as archive:
        archive.writestr(info, "/etc")
    with pytest.raises(ValueError, match="is no plain file"):
        unpacked(tmp_path / "raw.zip", tmp_path / "out", silent)


@pytest.mark.parametrize("kind", ["gztar", "zip", "tar"])
def test_cut_off_archives(tmp_path: Path, kind: str) -> None:
    content = bytes(range(256)) * 4000
    if kind == "zip":
        path = tmp_path / "raw.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.wav", content)
    else:
        path = tmp_path / {"gztar": "raw.tar.gz", "tar": "raw.tar"}[kind]
        with tarfile.open(path, "w:gz" if kind == "gztar" else "w") as opened:
            info = tarfile.TarInfo("a.wav")
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"damaged or not whole .* download it again"):
        unpacked(path, tmp_path / "out", silent)
    assert not (tmp_path / "out").exists()


def test_zip_with_flipped_bytes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "raw.zip", "w") as archive:
        archive.writestr("a.wav", b"sound" * 100)
    data = bytearray((tmp_path / "raw.zip").read_bytes())
    data[100] ^= 255
    (tmp_path / "raw.zip").write_bytes(data)
    with pytest.raises(ValueError, match="damaged"):
        unpacked(tmp_path / "raw.zip", tmp_path / "out", silent)


def test_archive_that_the_disk_cannot_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Disk:
        free = (1 << 28) + 4  # bytes; 5 are wanted

    monkeypatch.setattr("shutil.disk_usage", lambda path: Disk)
    with pytest.raises(OSError, match="needs more room"):
        unpacked(tar(tmp_path / "raw.tgz", tarfile.TarInfo("a.wav")), tmp_path / "out", silent)
