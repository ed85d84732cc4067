import io
import shutil
import subprocess
import tarfile
from dataclasses import replace

import pytest

from pretrain.data.debian import deb
from pretrain.data.debian.deb import DebError, Limits, read_deb
from tests.pretrain.data.debian.packages import PACKERS, deb_of, tar_of

FILES = {"./usr/share/a.wav": b"a" * 1000, "./usr/share/b.txt": b"b", "./usr/share/c.OGG": b"c"}


def read(path, limits=None):
    return [(m.name, m.data) for m in read_deb(path, (".wav", ".ogg"), limits)]


@pytest.mark.parametrize("packer", PACKERS)
def test_files_of_the_wanted_suffixes_come_with_their_bytes(tmp_path, packer):
    path = tmp_path / "mini.deb"
    path.write_bytes(deb_of(tar_of(FILES), packer))
    assert read(path) == [("usr/share/a.wav", b"a" * 1000), ("usr/share/c.OGG", b"c")]


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
@pytest.mark.parametrize("packer", ["xz", "gzip", "none", "zstd"])
def test_what_dpkg_packs_is_read(tmp_path, packer):
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: mini\nVersion: 1\nArchitecture: all\nMaintainer: me <me@example.org>\n"
        "Description: mini\n"
    )
    (tree / "usr").mkdir()
    data = bytes(range(256)) * 2000
    (tree / "usr" / "sound.wav").write_bytes(data)
    (tree / "usr" / "link.wav").symlink_to("/etc/passwd")
    path = tmp_path / "mini.deb"
    done = subprocess.run(
        ["dpkg-deb", f"-Z{packer}", "--build", str(tree), str(path)], capture_output=True
    )
    if done.returncode:
        pytest.skip(f"this dpkg-deb does not write {packer}")
    assert read(path) == [("usr/sound.wav", data)]


def test_zstd_without_dpkg_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(deb.shutil, "which", lambda name: None)
    monkeypatch.setitem(PACKERS, ".zst", bytes)
    path = tmp_path / "mini.deb"
    path.write_bytes(deb_of(tar_of(FILES), ".zst"))
    with pytest.raises(DebError, match="read with dpkg-deb, which is not here; install dpkg"):
        read(path)


def test_links_and_devices_are_passed_over(tmp_path):
    extra = []
    for name, kind in (("a.wav", tarfile.SYMTYPE), ("b.wav", tarfile.LNKTYPE)):
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        extra.append(info)
    info = tarfile.TarInfo("c.wav")
    info.type = tarfile.CHRTYPE
    path = tmp_path / "mini.deb"
    path.write_bytes(deb_of(tar_of({"d.wav": b"d"}, [*extra, info])))
    assert read(path) == [("d.wav", b"d")]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(members=2), "over 2 members"),
        (Limits(file_bytes=999), "has 1,000 bytes, over 999"),
        (Limits(total_bytes=1500), "unpacks to over 1,500 bytes"),
    ],
)
@pytest.mark.parametrize("packer", PACKERS)
def test_limits_are_kept(tmp_path, limits, message, packer):
    path = tmp_path / "mini.deb"
    path.write_bytes(deb_of(tar_of(FILES), packer))
    with pytest.raises(DebError, match=message):
        read(path, limits)


@pytest.mark.parametrize("packer", [".xz", ".gz"])
def test_a_header_that_fills_the_memory_is_refused(tmp_path, packer):
    """tarfile reads the whole of an extended header into memory: 64 MB from some kB."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("a.wav")
        info.pax_headers = {"comment": "x" * (64 << 20)}
        tar.addfile(info)
    path = tmp_path / "mini.deb"
    path.write_bytes(deb_of(buffer.getvalue(), packer))
    assert path.stat().st_size < 200_000
    with pytest.raises(DebError, match="bytes that belong to no file"):
        read(path, replace(Limits(), header_bytes=1 << 16))


@pytest.mark.parametrize("packer", PACKERS)
def test_a_package_cut_anywhere_is_an_error_and_never_fewer_files(tmp_path, packer):
    whole = deb_of(tar_of({"a.wav": b"a" * 30_000, "b.wav": bytes(range(250)) * 100}), packer)
    path = tmp_path / "mini.deb"
    for length in range(0, len(whole) - 40, max(1, len(whole) // 25)):
        path.write_bytes(whole[:length])
        with pytest.raises(DebError):
            read(path)


def test_damage_is_an_error(tmp_path):
    whole = bytearray(deb_of(tar_of(FILES)))
    whole[-30] ^= 255
    path = tmp_path / "mini.deb"
    path.write_bytes(whole)
    with pytest.raises(DebError):
        read(path)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"!<arch>\n" + b"x" * 60])
def test_what_is_no_package_is_one_sentence(tmp_path, data):
    path = tmp_path / "mini.deb"
    path.write_bytes(data)
    with pytest.raises(DebError, match="it is no Debian package"):
        read(path)
