import threading
import time
from pathlib import Path

import pytest
import torch

from benchmark.runner.parallel.tasks import Place, unseen
from msssl_common.files import cache_root


@pytest.fixture
def threads() -> int:
    """Torch's threads, put back afterwards."""
    before = torch.get_num_threads()
    yield before
    torch.set_num_threads(before)


def test_a_worker_enters_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MSBENCH_CACHE", "relative")
    place = Place.here(threads + 1)
    assert place.cache == tmp_path / "relative"
    monkeypatch.chdir("/")
    monkeypatch.setenv("MSBENCH_CACHE", "elsewhere")
    place.enter()
    assert Path.cwd() == tmp_path
    assert cache_root() == tmp_path / "relative"
    assert torch.get_num_threads() == threads + 1


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Place(tmp_path / "nowhere", tmp_path, 1).enter()


def test_a_file_may_be_seen_late(tmp_path: Path) -> None:
    late, never = tmp_path / "late", tmp_path / "never"
    assert unseen([tmp_path, late], patience=0.0) == late
    writer = threading.Timer(0.2, late.touch)
    writer.start()
    assert unseen([tmp_path, late], patience=60.0) is None
    started = time.monotonic()
    assert unseen([late, never], patience=0.2) == never
    assert time.monotonic() - started >= 0.2
    writer.join()
    late.unlink()
