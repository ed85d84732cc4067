import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pretrain.data.debian import fetch
from pretrain.data.debian.fetch import MissingError, fetch_deb, find_deb
from tests.pretrain.data.debian.packages import write_package

APT = """#!{python}
# Serves the files of a folder as apt-get download does: NAME=VERSION, or NAME for the newest.
import pathlib, shutil, sys
assert sys.argv[1:3] == ["download", "--quiet"] and len(sys.argv) == 4, sys.argv
name, _, version = sys.argv[3].partition("=")
escaped = version.replace(":", "%3a") or "*"
found = sorted(pathlib.Path({served!r}).glob(name + "_" + escaped + "_*.deb"))
if not found:
    sys.exit("E: Version '" + version + "' for '" + name + "' was not found")
shutil.copy(found[-1], ".")
"""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that a stand-in for apt-get serves."""
    folder = tmp_path / "served"
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(APT.format(python=sys.executable, served=str(folder)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return folder


def test_the_listed_version_is_downloaded_once(served, tmp_path):
    package = write_package(served, "mini", {"a.wav": b"a"}, "sounds", "2:1.5-1")
    write_package(served, "mini", {"a.wav": b"b"}, "sounds", "2:1.6-1")
    deb = fetch_deb(package, tmp_path / "debs")
    assert deb.version == "2:1.5-1" and deb.note == ""
    assert [p.name for p in (tmp_path / "debs").iterdir()] == ["mini_2%3a1.5-1_all.deb"]
    for path in served.iterdir():
        path.unlink()
    assert fetch_deb(package, tmp_path / "debs") == deb


def test_the_served_version_is_taken_and_told_where_the_listed_one_is_gone(served, tmp_path):
    package = write_package(tmp_path / "old", "mini", {"a.wav": b"a"}, "sounds", "1.5-1")
    write_package(served, "mini", {"a.wav": b"b"}, "sounds", "2:1.6-1")
    deb = fetch_deb(package, tmp_path / "debs")
    assert deb.version == "2:1.6-1"
    assert deb.note == ("mini: version 2:1.6-1 is used, because 1.5-1 of the list is not available")


def test_what_apt_does_not_know_is_missing_with_its_complaint(served, tmp_path):
    package = write_package(tmp_path / "old", "mini", {"a.wav": b"a"}, "sounds", "1.5-1")
    with pytest.raises(MissingError, match=r"apt-get cannot download it .E?.*Version '' for"):
        fetch_deb(package, tmp_path / "debs")
    assert not [*(tmp_path / "debs").iterdir()]


def test_the_listed_version_with_other_bytes_is_refused(served, tmp_path):
    package = write_package(served, "mini", {"a.wav": b"a"}, "sounds")
    with pytest.raises(ValueError, match=r"is damaged or not Debian's \(SHA-256\); delete it"):
        fetch_deb(replace(package, sha256="0" * 64), tmp_path / "debs")


def test_in_a_folder_the_listed_version_goes_first(tmp_path):
    write_package(tmp_path, "mini", {"a.wav": b"b"}, "sounds", "9.0-1")
    other = find_deb(replace(write_package(tmp_path, "mini", {}, "music"), version="7"), tmp_path)
    assert other is not None and other.version == "9.0-1" and "version 9.0-1" in other.note
    package = write_package(tmp_path, "mini", {"a.wav": b"a"}, "sounds", "1.0-1")
    write_package(tmp_path, "mini-extra", {"a.wav": b"c"}, "sounds", "1.0-1")
    found = find_deb(package, tmp_path)
    assert found is not None and found.path.name == "mini_1.0-1_all.deb"
    assert find_deb(replace(package, name="min"), tmp_path) is None


def test_without_apt_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr(fetch.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="apt-get is not here; fetch the packages where it is"):
        fetch.check_apt()
