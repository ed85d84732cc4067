import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from benchmark.cli.cache import cache
from benchmark.embeddings.cache import CacheEntry, SplitRecord, describe, record_text
from benchmark.embeddings.npy_writer import NpyWriter
from benchmark.embeddings.partial_folder import PartialFolder
from benchmark.embeddings.partial_split import PartialSplit, SplitProgress


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _msbench(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(cache, arguments, input=answer)


def _entry(module: str, task: str, splits: int = 2, days: float = 0.0) -> CacheEntry:
    """An entry of two splits of three clips each, some of them finished."""
    entry = CacheEntry.of(module, task, {"module": module, "task": task})
    entry.describe({"splits": ["train", "test"], "clips": 6})
    for split in ["train", "test"][:splits]:
        with NpyWriter(entry.embeddings_path(split), (2,), np.float32) as rows:
            rows.append(np.ones((3, 2)))
        record = SplitRecord(["a", "b", "c"], None, rows.crc32, None, 1.0, 1.0, 1.0, 8)
        entry.record_path(split).write_text(record_text(record))
    for path in (*entry.folder.iterdir(), entry.folder):
        os.utime(path, (time.time() - days * 86400,) * 2)
    return entry


def _stop_in_test(entry: CacheEntry) -> None:
    def run() -> None:
        with PartialSplit(entry, "test", 2, True, SplitProgress("", 1)) as part:
            part.append([(np.ones((1, 2), np.float32), np.empty(0))] * 2, part.journal)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()


def _heads(root: Path, key: str) -> Path:
    folder = root / "heads" / key
    describe(folder, {"module": "m", "task": "t"})
    (folder / "point.safetensors").write_bytes(b"12345")
    return folder


def test_ls_of_no_cache(root: Path) -> None:
    result = _msbench("ls")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == f"0 in {root}, 0 B"


def test_ls_tells_what_is_there(root: Path) -> None:
    whole = _entry("m=a.pt", "tiny", days=3)
    partial = _entry("other", "tiny", splits=1, days=1)
    _stop_in_test(partial)
    old = root / "embeddings" / ("0" * 32)
    describe(old, {"module": "m", "task": "tiny", "format": 1})
    _heads(root, "a" * 64)
    (root / "embedded" / "suite").mkdir(parents=True)
    result = _msbench("ls")
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line for line in result.output.splitlines()}
    assert len(lines) == 6
    key = whole.folder.name[:12]
    size = sum(path.stat().st_size for path in whole.folder.iterdir())
    assert lines[key].split()[1:] == [
        *["embeddings", "m=a.pt", "tiny", "6", str(size), "B", "3", "d", "complete"]
    ]
    assert lines[partial.folder.name[:12]].endswith("partial: 5 of 6 clips")
    assert lines["0" * 12].endswith("of an older version")
    assert lines["a" * 12].endswith("partial: 1 heads")
    assert " - " in lines["a" * 12]
    assert result.output.splitlines()[-1].startswith(f"4 in {root}, ")


def test_ls_says_what_is_being_written(root: Path) -> None:
    entry = _entry("m", "t", splits=1)
    part = PartialFolder.claim(entry.folder, "test")
    assert "3 of 6 clips, being written" in _msbench("ls").output
    result = _msbench("rm", "--all", "--yes")
    assert result.exit_code == 1
    assert "is being written: not removed" in result.output
    part.remove()
    part.release()
    assert _msbench("rm", "--all", "--yes").exit_code == 0
    assert not entry.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "gone"),
    [
        (["--module", "m"], {0, 1}),
        (["--module", "m=a.pt"], {0}),
        (["--task", "t2"], {1, 2}),
        (["--older-than", "2"], {2}),
        (["--older-than", "0.5", "--task", "t2"], {1, 2}),
        (["--module", "m", "--task", "t2"], {1}),
        (["--all"], {0, 1, 2}),
        (["--module", "none"], set()),
    ],
)
def test_rm_by_description(root: Path, arguments: list[str], gone: set[int]) -> None:
    entries = [_entry("m=a.pt", "t1"), _entry("m", "t2", days=1), _entry("other", "t2", days=3)]
    assert _msbench("rm", *arguments, "--yes").exit_code == 0
    assert {i for i, entry in enumerate(entries) if not entry.folder.exists()} == gone


def test_rm_by_key(root: Path) -> None:
    first, second = _heads(root, "abcd" * 4), _heads(root, "abce" * 4)
    result = _msbench("rm", "abc", "--yes")
    assert result.exit_code == 2
    assert "Key 'abc' is ambiguous: it fits abcdabcd" in result.output
    for wrong in ("x", "", "../heads", str(first)):
        result = _msbench("rm", wrong, "--yes")
        assert result.exit_code == 2
        assert "The cache has no key" in result.output
    assert _msbench("rm", "abcd", "--yes").exit_code == 0
    assert (first.exists(), second.exists()) == (False, True)


def test_rm_asks_and_wants_to_know_what(root: Path) -> None:
    folder = _heads(root, "abcd" * 4)
    assert _msbench("rm", "abcd", answer="n\n").exit_code == 1
    assert folder.exists()
    result = _msbench("rm", "--yes")
    assert result.exit_code == 2
    assert "Name what to remove" in result.output
    assert _msbench("rm", "abcd", answer="y\n").exit_code == 0
    assert not folder.exists()


def _link_to_folder(root: Path, outside: Path) -> None:
    (root / "heads").mkdir(parents=True)
    (root / "heads" / ("c" * 32)).symlink_to(outside)


def _link_to_parent(root: Path, outside: Path) -> None:
    (outside / ("c" * 32)).mkdir()
    (outside / ("c" * 32) / "precious").touch()
    root.mkdir()
    (root / "heads").symlink_to(outside)


def _link_inside(root: Path, outside: Path) -> None:
    _heads(root, "c" * 32)
    (root / "heads" / ("c" * 32) / "link").symlink_to(outside)


def _other_names(root: Path, outside: Path) -> None:
    (root / "heads" / "my notes").mkdir(parents=True)
    (root / "panns").mkdir()


@pytest.mark.parametrize("arrange", [_link_to_folder, _link_to_parent, _link_inside, _other_names])
def test_rm_never_leaves_the_cache(
    root: Path, tmp_path: Path, arrange: Callable[[Path, Path], None]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    arrange(root, outside)
    before = set(outside.rglob("*"))
    result = _msbench("rm", "--all", "--yes")
    assert set(outside.rglob("*")) == before
    if arrange is _link_to_parent:
        assert result.exit_code == 1
        assert "leads out of the cache" in result.output
    if arrange is _other_names:
        assert (root / "heads" / "my notes").exists()
        assert (root / "panns").exists()
