import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.embeddings.cache import CacheEntry, SplitRecord
from benchmark.embeddings.partial_folder import (
    PartialFolder,
    folder_is_in_use,
    remove_abandoned,
)
from benchmark.embeddings.partial_split import PartialSplit, SplitProgress
from msssl_common.locks import FileLock

ROWS = np.arange(12, dtype=np.float32).reshape(6, 2)


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CacheEntry:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return CacheEntry.of("module", "task", {})


def _split(entry: CacheEntry, made_from: str = "this") -> PartialSplit:
    return PartialSplit(entry, "test", 2, True, SplitProgress(made_from, batch_samples=100))


def _stop_after(entry: CacheEntry, clips: int) -> None:
    def run() -> None:
        with _split(entry) as part:
            rows = [(row[None], np.empty(0)) for row in ROWS[:clips]]
            part.append(rows, replace(part.journal, batch_samples=50))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()


def _finish(part: PartialSplit) -> None:
    rows = [(row[None], np.empty(0)) for row in ROWS[part.journal.clips :]]
    part.append(rows, part.journal)
    names = [str(row) for row in range(len(ROWS))]
    crc32 = part.journal.embeddings_crc32
    part.finish(SplitRecord(names, None, crc32, None, 0.0, 0.0, 0.0, None))


def test_rows_and_journal_are_continued(entry: CacheEntry) -> None:
    _stop_after(entry, 4)
    with _split(entry) as part:
        assert (part.journal.clips, part.journal.batch_samples) == (4, 50)
        _finish(part)
    stored = entry.load("test")
    assert stored is not None
    np.testing.assert_array_equal(stored.embeddings, ROWS)
    assert not list(entry.folder.glob("*.part"))


@pytest.mark.parametrize("fault", ["cut", "flip", "no rows", "journal", "old journal", "other"])
def test_what_does_not_fit_is_begun_again(entry: CacheEntry, fault: str) -> None:
    _stop_after(entry, 4)
    folder = entry.folder / ".test.part"
    rows, journal = folder / "embeddings.npy", folder / "journal.json"
    content = rows.read_bytes()
    if fault == "cut":
        rows.write_bytes(content[:-1])
    elif fault == "flip":
        rows.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    elif fault == "no rows":
        rows.unlink()
    elif fault == "journal":
        journal.write_text(journal.read_text()[:-9])
    elif fault == "old journal":
        fields = json.loads(journal.read_text())
        del fields["made_from"]
        journal.write_text(json.dumps(fields))
    with _split(entry, "that" if fault == "other" else "this") as part:
        assert (part.journal.clips, part.journal.batch_samples) == (0, 100)
        _finish(part)
    stored = entry.load("test")
    assert stored is not None
    np.testing.assert_array_equal(stored.embeddings, ROWS)


def test_the_second_process_works_in_private(entry: CacheEntry) -> None:
    _stop_after(entry, 4)
    with _split(entry) as first:
        with _split(entry) as second:
            assert second.journal.clips == 0
            assert len(list(entry.folder.glob(".test*.part"))) == 2
            _finish(second)
        written = entry.record_path("test").stat()
        assert entry.load("test") is not None
        _finish(first)
    assert os.path.samestat(entry.record_path("test").stat(), written)  # one is enough
    assert not list(entry.folder.glob("*.part"))


def test_what_dead_processes_left_is_removed(entry: CacheEntry) -> None:
    _stop_after(entry, 4)
    shutil.copytree(entry.folder / ".test.part", entry.folder / ".test.private-dead.part")
    for name in (".entry.json.1.part", ".entry.json.2.part"):
        (entry.folder / name).write_text("{")
    writing = FileLock.take(entry.folder / ".entry.json.2.part")
    assert writing
    with _split(entry):
        alive = PartialFolder.claim(entry.folder, "test")
        assert alive.private
        assert folder_is_in_use(alive.path)
        remove_abandoned(entry.folder)
        left = {path.name for path in entry.folder.glob("*.part")}
        assert left == {".test.part", alive.path.name, ".entry.json.2.part"}
        writing.release()
        alive.remove()
        alive.release()
        assert not folder_is_in_use(alive.path)
