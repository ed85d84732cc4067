"""Files that are whole or absent: whatever stops their writing, and whoever else writes."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from msssl_common import files as atomic_file
from msssl_common import locks as file_lock
from msssl_common.files import check_writable, remove_leftovers, write_bytes, write_text, writing
from msssl_common.locks import FileLock


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """What a full disk is to a writer, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_failed_write_names_the_file_and_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_text(path, "old")
    with no_file_beyond(1000), pytest.raises(OSError, match="File too large") as raised:
        write_bytes(path, bytes(2000))
    assert raised.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_keeps_its_kind_and_its_own_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised, writing(tmp_path / "other"):
        (tmp_path / "absent").read_bytes()
    assert raised.value.filename == str(tmp_path / "absent")
    with pytest.raises(PermissionError) as refused, writing(tmp_path / "x"):
        raise PermissionError(13, "Permission denied")
    assert refused.value.filename == str(tmp_path / "x")
    with pytest.raises(OSError, match="a sentence"), writing(tmp_path / "x"):
        raise OSError("a sentence")


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    kept = {".x.json.7.part", "x.json", ".hidden", ".get.part", "x.part"}
    for name in kept | {".x.json.8.part", ".y.json.9.part"}:
        (tmp_path / name).write_text("")
    (tmp_path / ".folder.1.part").mkdir()
    alive = FileLock.take(tmp_path / ".x.json.7.part")
    assert alive
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept | {".folder.1.part"}
    alive.release()
    remove_leftovers(tmp_path)
    assert not (tmp_path / ".x.json.7.part").exists()
    remove_leftovers(tmp_path / "absent")


def test_without_locks_age_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "fcntl", None)
    for name, age in ((".x.1.part", 0), (".x.2.part", atomic_file.ABANDONED_SECONDS + 60)):
        path = tmp_path / name
        path.write_text("")
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    write_text(tmp_path / "y", "written all the same")
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".x.1.part", "y"}


def test_a_writer_is_seen_by_another_process_while_it_writes(tmp_path: Path) -> None:
    """The other process cleans up between the writing and the renaming."""
    program = f"""
import os, pathlib, subprocess, sys
from msssl_common.files import write_text
rename = os.replace
clean = "import pathlib; from msssl_common.files import remove_leftovers; "
clean += "remove_leftovers(pathlib.Path({str(tmp_path)!r}))"
def replace(*paths):
    subprocess.run([sys.executable, "-c", clean], check=True)
    rename(*paths)
os.replace = replace
write_text(pathlib.Path({str(tmp_path / "x")!r}), "whole")
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert (tmp_path / "x").read_text() == "whole"


def test_a_folder_is_tried_before_the_work(tmp_path: Path) -> None:
    check_writable(tmp_path / "new" / "folder")
    assert not list((tmp_path / "new" / "folder").iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError) as raised:
        check_writable(tmp_path / "file" / "folder")
    assert raised.value.filename == str(tmp_path / "file" / "folder")
