"""A run that is killed goes on and ends with the same bytes; two at once do no harm."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_event_task

SPLITS = 3
CLIPS = 2  # in each
COUNT = "model.calls = getattr(model, 'calls', 0) + 1"
COSTS = {"seconds", "model_seconds", "peak_memory_bytes"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("killed")
    root = ROOT
    subprocess.run(
        [
            *(sys.executable, "-m", "tests.benchmark.killed_runs"),
            *(
                str(write_event_task(folder, clips=CLIPS)),
                write_module(folder, timestamp=COUNT),
                str(folder),
            ),
        ],
        check=True,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{folder}", "OMP_NUM_THREADS": "1"},
    )
    return folder


def _content(cache: Path) -> dict[str, object]:
    """Every file of the cache's entry; records without what they cost."""
    (entry,) = (cache / "embeddings").iterdir()
    content: dict[str, object] = {}
    for path in entry.iterdir():
        assert not path.is_dir(), "no unfinished split is left"
        if path.name.startswith("."):  # a lock, and texts that are cleaned up after an hour
            assert path.stat().st_size < 1000
        elif path.suffix == ".json":
            record = json.loads(path.read_text())
            content[path.name] = {key: record[key] for key in record.keys() - COSTS}
        else:
            content[path.name] = path.read_bytes()
    return content


def _caches(results: Path, name: str) -> list[Path]:
    """Where a run was killed and another went on, from the earliest moment on."""
    caches = sorted(results.glob(f"{name}-*"), key=lambda path: int(path.name.split("-")[1]))
    return caches[:-1]  # the last run came to its end


@pytest.mark.parametrize("name", ["rename", "rows"])
def test_whenever_it_is_killed_the_next_run_ends_with_the_same_bytes(
    results: Path, name: str
) -> None:
    whole = _content(results / "whole")
    assert {f"{split}.npy" for split in ("train", "valid", "test")} < whole.keys()
    caches = _caches(results, name)
    assert len(caches) >= 2 * SPLITS * CLIPS
    for cache in caches:
        assert _content(cache) == whole, cache.name


@pytest.mark.parametrize("name", ["rename", "rows"])
def test_the_next_run_goes_on_where_the_killed_one_was(results: Path, name: str) -> None:
    embedded = [int((cache / "embedded").read_text()) for cache in _caches(results, name)]
    assert embedded == sorted(embedded, reverse=True)
    if name == "rename":  # the last file to get its name is the last split's record
        assert set(embedded) == set(range(SPLITS * CLIPS + 1))
    else:
        assert set(embedded) == set(range(1, SPLITS * CLIPS + 1))


@pytest.mark.parametrize("name", ["two-with-locks", "two-without-locks"])
def test_two_runs_at_once_do_no_harm(results: Path, name: str) -> None:
    assert _content(results / name) == _content(results / "whole")
