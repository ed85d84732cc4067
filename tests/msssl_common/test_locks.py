import subprocess
import sys
from pathlib import Path

import pytest

from msssl_common import locks as file_lock
from msssl_common.locks import FileLock, locked_if_possible, locked_or_refused

HOLD = """
import sys
from pathlib import Path
from msssl_common.locks import FileLock
lock = FileLock.take(Path(sys.argv[1]))
print("locked" if lock else "taken", flush=True)
sys.stdin.read()
"""


def test_one_process_at_a_time_and_death_gives_it_up(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"locked\n"
    assert FileLock.take(path) is None
    other.kill()
    other.wait()
    lock = FileLock.take(path)
    assert lock is not None
    assert FileLock.take(path) is None
    lock.release()
    assert FileLock.take(path) is not None


def test_a_deleted_file_does_not_keep_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = FileLock.take(path)
    assert lock is not None
    path.unlink()
    assert FileLock.take(path) is not None
    lock.release()
    with pytest.raises(FileNotFoundError):
        FileLock.take(tmp_path / "none" / "lock")


def test_waiting_needs_no_locks_where_there_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lock, "fcntl", None)
    with pytest.raises(OSError, match="no flock"):
        FileLock.take(tmp_path / "lock")
    with locked_if_possible(tmp_path / "lock"):
        pass


def test_a_held_lock_is_refused_and_a_free_one_given_back(tmp_path: Path) -> None:
    path, refusal = tmp_path / "lock", ValueError("wait for it")
    with locked_or_refused(path, refusal):
        assert FileLock.take(path) is None
        with pytest.raises(ValueError, match="wait for it"), locked_or_refused(path, refusal):
            raise AssertionError("another holds it")
    assert path.exists()
    with pytest.raises(KeyError), locked_or_refused(path, refusal, remove=True):
        raise KeyError
    assert not path.exists()
    assert FileLock.take(path) is not None


def test_where_there_are_no_locks_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    with locked_or_refused(path, ValueError()):
        monkeypatch.setattr(file_lock, "fcntl", None)
        with locked_or_refused(path, ValueError("not said")):
            pass
