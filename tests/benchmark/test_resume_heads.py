"""A run that is killed among its heads goes on at the next one and ends with the same cell."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benchmark.cli import main
from benchmark.heads import exact as train
from tests import ROOT
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_scene_task

FOLDS = 3
GRID_POINTS = 8
TIMING = ("embedding_seconds", "model_seconds", "head_seconds", "peak_memory_bytes")

# Kills itself after saving that many heads.
PROGRAM = """
import os, signal, sys
from benchmark.heads.saved_heads import SavedHeads
from benchmark.cli import main

save = SavedHeads.save

def save_and_die(self, name, head):
    save(self, name, head)
    if len(list(self.folder.glob("*.safetensors"))) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

SavedHeads.save = save_and_die
main(sys.argv[2:])
"""


@pytest.fixture
def place(tmp_path: Path, modules: Path) -> Path:
    splits = [f"fold{index}" for index in range(FOLDS)]
    write_scene_task(tmp_path / "tasks", clips=8, split_mode="new_split_kfold", splits=splits)
    # Embeddings of noise: heads differ, so that one from another state of random would show.
    write_module(modules, name="noise", scene="embeddings = torch.sin(1e6 * audio[:, :4])")
    return tmp_path


def _arguments(place: Path, name: str, mode: str) -> list[str]:
    """The command of a run with a folder of results called ``name``."""
    paths = ["--tasks-dir", str(place / "tasks"), "--out", str(place / name)]
    # Embeddings made in a worker process have another key in the cache.
    options = ["--no-floor", "--in-process", "--grid", "faster", "--mode", mode]
    return ["run", "noise", *paths, *options]


def _killed_after(heads: int, place: Path, mode: str, cache: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(heads), *_arguments(place, "killed", mode)],
        env={**os.environ, "MSBENCH_CACHE": str(cache), "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert not list((place / "killed").glob("cells/*.json"))


def _to_the_end(
    place: Path, name: str, mode: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, object]]:
    """Run; test split and grid point of every head that was trained for it in exact mode."""
    trained, train_head = [], train.train_head

    def note(point: object, data: Any) -> object:
        trained.append((data.fold.test, point))
        return train_head(point, data)

    with monkeypatch.context() as patches:
        patches.setenv("MSBENCH_CACHE", str(cache))
        patches.setattr(train, "train_head", note)
        done = CliRunner().invoke(main, _arguments(place, name, mode))
    assert done.exit_code == 0, done.output
    return trained


def _cell(place: Path, name: str) -> tuple[dict[str, Any], bytes]:
    """A run's cell without what tells of its time, and its predictions."""
    (path,) = (place / name / "cells").glob("*.json")
    cell = json.loads(path.read_text())
    del cell["date"]
    for key in TIMING:
        del cell["cost"][key]
    assert cell["cost"].pop("embedding_cached") == (name == "killed")
    return cell, path.with_suffix(".npz").read_bytes()


def _saved(cache: Path) -> dict[str, int]:
    """Heads of an unfinished cell, and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in cache.glob("heads/*/*.safetensors")}


def test_a_killed_run_ends_with_the_same_cell(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _to_the_end(place, "whole", "exact", place / "cache of whole", monkeypatch)
    assert len(whole) == GRID_POINTS + FOLDS - 1

    cache = place / "cache of killed"
    _killed_after(3, place, "exact", cache)
    first = _saved(cache)
    assert len(first) == 3
    _killed_after(GRID_POINTS + 1, place, "exact", cache)
    assert first.items() <= _saved(cache).items()  # none was made again
    rest = _to_the_end(place, "killed", "exact", cache, monkeypatch)
    assert rest == whole[GRID_POINTS + 1 :]

    assert _cell(place, "killed") == _cell(place, "whole")
    assert not list((cache / "heads").iterdir())


def test_so_it_does_in_fast_mode(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _to_the_end(place, "whole", "fast", place / "cache of whole", monkeypatch)
    cache = place / "cache of killed"
    _killed_after(3, place, "fast", cache)
    assert len(_saved(cache)) == 3
    _to_the_end(place, "killed", "fast", cache, monkeypatch)
    assert _cell(place, "killed") == _cell(place, "whole")
