from pathlib import Path

import pytest

from benchmark.report import kept_replicates
from benchmark.report.standings import read_leaderboard
from tests.benchmark.report.results_folders import OTHER, OURS, SCENES, hit, write_cell


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything is kept, however fast it was made."""
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept_replicates, "WORTH_KEEPING", 0.0)
    return tmp_path / "cache" / "resampled"


def _intervals(folder: Path) -> list[tuple[float, float]]:
    standings = read_leaderboard([folder]).standings
    return [tuple(standing.interval or ()) for standing in standings.values()]


def test_what_took_long_is_not_made_twice(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    write_cell(tmp_path, OTHER, SCENES, hit((20, 30)))
    first = _intervals(tmp_path)
    assert len(list(kept.glob("*.npz"))) == 1
    with monkeypatch.context() as broken:
        broken.delattr(kept_replicates, "bootstrap_task")
        assert _intervals(tmp_path) == first
    # Other predictions are another question.
    write_cell(tmp_path, OTHER, SCENES, hit((21, 30)))
    assert _intervals(tmp_path) != first
    assert len(list(kept.glob("*.npz"))) == 2


def test_a_damaged_file_is_made_again(tmp_path: Path, kept: Path) -> None:
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    first = _intervals(tmp_path)
    (file,) = kept.glob("*.npz")
    whole = file.read_bytes()
    file.write_bytes(whole[:50])
    assert _intervals(tmp_path) == first
    assert file.read_bytes() == whole


def test_a_cache_that_cannot_be_written_harms_nobody(tmp_path: Path, kept: Path) -> None:
    kept.parent.write_text("a file where the cache should be")
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    assert len(_intervals(tmp_path)) == 1


def test_quick_ones_are_not_kept(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_replicates, "WORTH_KEEPING", 60.0)
    write_cell(tmp_path, OURS, SCENES, hit((9, 30)))
    _intervals(tmp_path)
    assert not kept.exists()
