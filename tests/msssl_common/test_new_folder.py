"""Folders that are whole or absent; dead processes' are deleted, living ones' are not."""

from pathlib import Path

import pytest

from msssl_common.files import new_folder
from msssl_common.locks import FileLock


def test_it_takes_its_name_at_the_end_or_not_at_all(tmp_path: Path) -> None:
    with new_folder(tmp_path / "task") as part:
        (part / "file").write_text("whole")
        assert not (tmp_path / "task").exists()
    assert (tmp_path / "task" / "file").read_text() == "whole"
    assert (tmp_path / "task").stat().st_mode & 0o777 == 0o755
    with pytest.raises(RuntimeError), new_folder(tmp_path / "other") as part:
        raise RuntimeError
    assert list(tmp_path.iterdir()) == [tmp_path / "task"]


def test_what_was_killed_is_deleted_and_what_lives_is_not(tmp_path: Path) -> None:
    dead, alive, of_another = (
        tmp_path / name for name in (".task-dead.part", ".task-alive.part", ".tasks-dead.part")
    )
    for folder in (dead, alive, of_another):
        folder.mkdir()
        (folder / "file").write_text("")
    lock = FileLock.take_folder(alive)
    assert lock
    with new_folder(tmp_path / "task"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"task", alive.name, of_another.name}
    lock.release()
    with new_folder(tmp_path / "task"):
        assert not alive.exists()
