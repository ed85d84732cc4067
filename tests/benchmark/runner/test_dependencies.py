"""A result is used again only while every file is the same that it was made from."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from benchmark.embeddings.cache_index import list_cache
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from benchmark.protocol import Protocol
from benchmark.results.cells import Cell
from benchmark.runner.cells import FinishedCells
from benchmark.runner.local import run_locally
from benchmark.runner.plan import RunPlan, module_facts
from benchmark.runner.progress import Silent
from benchmark.tasks.find import find_tasks
from tests.benchmark.fake_modules import SOURCE, write_module
from tests.benchmark.tiny_tasks import write_scene_task

pytestmark = pytest.mark.own_process

AUDIO = torch.linspace(-1, 1, 16000).reshape(1, 16000)
READS = """
import importlib.util, json, sys
import numpy as np
from safetensors.torch import load_file
from helpers import gain
from mypkg.sub import feat
statistics = np.load("mean.npy")
spec = importlib.util.spec_from_file_location("beside", "beside/code.py")
beside = importlib.util.module_from_spec(spec)
spec.loader.exec_module(beside)
code = open("snippet.txt").read()
shift = load_file("shift.safetensors")
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"


def _files(folder: Path) -> None:
    for name in ("mypkg/sub", "beside", "checkpoint"):
        (folder / name).mkdir(parents=True)
    for name in ("mypkg/__init__.py", "mypkg/sub/__init__.py"):
        (folder / name).touch()
    (folder / "mypkg" / "sub" / "feat.py").write_text("x = 1\n")
    (folder / "helpers.py").write_text("gain = 1\n")
    (folder / "beside" / "code.py").write_text("y = 1\n")
    (folder / "snippet.txt").write_text("1")
    (folder / "checkpoint" / "config.json").write_text("{}")
    np.save(folder / "mean.npy", np.zeros(3))
    save_file({"shift": torch.zeros(1)}, folder / "shift.safetensors")


def _loaded(spec: str) -> HearModule:
    return load_hear_module(spec, "cpu", Interpreter.here())


def _hash(spec: str) -> str:
    hear = _loaded(spec)
    try:
        return module_facts(hear, ()).module_hash
    finally:
        hear.close()


def test_the_key_covers_every_file_that_was_read_by_the_end_of_load_model(modules: Path) -> None:
    _files(modules)
    hear = _loaded(f"{write_module(modules, name='reads', source=READS + SOURCE)}=checkpoint")
    _close(hear)
    known = _hash("reads=checkpoint")
    assert _hash("reads=checkpoint") == known
    seen = {known}
    for name in (
        *("helpers.py", "mypkg/sub/feat.py", "beside/code.py", "snippet.txt"),
        *("checkpoint/config.json", "mean.npy", "shift.safetensors"),
    ):
        path = modules / name
        before = path.read_bytes()
        path.write_bytes(before + b" " if name.endswith(".txt") else _changed(before, name))
        seen.add(_hash("reads=checkpoint"))
        path.write_bytes(before)
    assert len(seen) == 8
    (modules / "unread.json").write_text("{}")
    assert _hash("reads=checkpoint") == known


def _close(hear: HearModule) -> None:
    hear.close()


def _changed(data: bytes, name: str) -> bytes:
    if name.endswith(".npy"):
        return data[:-1] + b"\x01"
    if name.endswith(".safetensors"):
        return data[:-1] + b"\x3f"
    return data.replace(b"1", b"2") if name.endswith(".py") else b'{"a": 1}'


def test_a_file_that_is_read_while_embedding_is_looked_at_again(
    tmp_path: Path, modules: Path, cache: Path
) -> None:
    write_scene_task(tmp_path / "tasks")
    (modules / "late.py").write_text("import json\ngain = json.load(open('gain.json'))\n")
    (modules / "gain.json").write_text("1.0")
    name = write_module(modules, scene="import late\nembeddings = embeddings * late.gain")

    def run(out: str) -> bool:
        plan = RunPlan([name], find_tasks(tmp_path / "tasks"), tmp_path / out, Protocol("faster"))
        progress = _Reused()
        run_locally(plan, FinishedCells(plan, progress))
        return progress.reused

    assert not run("out")
    assert run("out") and run("other")
    (inputs,) = (tmp_path / "out" / "cells").glob("*.inputs")
    assert {Path(path).name for path in json.loads(inputs.read_text())} == {"late.py", "gain.json"}
    (modules / "gain.json").write_text("0.0")
    (state,) = (item.state for item in list_cache(cache) if item.kind == "embeddings")
    assert state == "of no use: gain.json, which the module read, has changed"
    assert not run("out")
    assert run("out")
    (modules / "gain.json").unlink()
    assert not run("third")


class _Reused(Silent):
    """Notes whether the last cell was kept, or its embeddings were in the cache."""

    reused = False

    def finished(self, cell: Cell, kept: bool) -> None:
        self.reused = kept or bool(cell.cost and cell.cost.embedding_cached)
