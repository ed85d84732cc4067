import io
import zipfile
from pathlib import PurePosixPath

import pytest

from pretrain.data.debian import recordings
from pretrain.data.debian.deb import DebError, Limits
from pretrain.data.debian.recordings import AUDIO, unpack_recordings
from tests.pretrain.data.debian.packages import deb_of, tar_of


def unpack(tmp_path, files):
    path = tmp_path / "mini.deb"
    path.write_bytes(deb_of(tar_of(files)))
    folder = tmp_path / "inside" / "unpacked"
    folder.mkdir(parents=True)
    return unpack_recordings(path, folder, AUDIO), folder


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return buffer.getvalue()


def test_audio_is_found_in_archives_too_and_named_after_both(tmp_path):
    inner = zipped({"sound/a.WAV": b"1", "readme.txt": b"2"})
    unpacked, _ = unpack(
        tmp_path,
        {"./x/data.pk3": inner, "./x/b.mp3": b"3", "./x/c.txt": b"4", "./x/broken.zip": b"PK"},
    )
    found = {r.name: r.path.read_bytes() for r in unpacked.recordings}
    assert found == {"x/data.pk3:sound/a.WAV": b"1", "x/b.mp3": b"3"}


def test_no_name_leads_outside(tmp_path):
    names = ["../../evil.wav", "/etc/evil.ogg", "a/../../../evil.flac"]
    files = {name: name.encode() for name in names}
    files["./b.zip"] = zipped({"../../../evil.opus": b"zip"})
    unpacked, folder = unpack(tmp_path, files)
    assert len(unpacked.recordings) == 4
    assert {r.path.parent for r in unpacked.recordings} == {folder}
    inside = {path for path in (tmp_path / "inside").rglob("*") if path.is_file()}
    assert inside == {r.path for r in unpacked.recordings}
    assert not [*tmp_path.parent.glob("evil*"), *tmp_path.glob("evil*")]


def test_equal_files_are_kept_once_and_empty_ones_not(tmp_path):
    unpacked, _ = unpack(tmp_path, {"a.wav": b"same", "b.wav": b"same", "c.wav": b""})
    assert [r.name for r in unpacked.recordings] == ["a.wav"]


def test_the_order_depends_on_the_names_alone(tmp_path):
    names = [f"{i:02d}.wav" for i in range(30)]
    files = {name: name.encode() for name in names}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    forth, _ = unpack(tmp_path / "a", files)
    back, _ = unpack(tmp_path / "b", dict(reversed(files.items())))
    order = [PurePosixPath(r.name).name for r in forth.recordings]
    assert order == [r.name for r in back.recordings]
    assert order != names and sorted(order) == names


def test_the_copyright_file_is_taken_along(tmp_path):
    unpacked, _ = unpack(
        tmp_path,
        {"./usr/share/doc/mini/copyright": b"GPL", "a.wav": b"a", "./usr/copyright.txt": b"no"},
    )
    assert unpacked.copyright == b"GPL"


def test_an_archive_that_unpacks_to_too_much_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(recordings, "Limits", lambda: Limits(file_bytes=1 << 20))
    bomb = zipped({"a.wav": bytes(2 << 20)})
    assert len(bomb) < 1 << 13
    with pytest.raises(DebError, match=r"'bomb\.zip' unpacks to over 1,048,576 bytes"):
        unpack(tmp_path, {"bomb.zip": bomb})
