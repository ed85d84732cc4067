"""A result is used again only while every file is the same that it was made from."""

import hashlib
import json
import os
import py_compile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from benchmark.embeddings.cache import changed_input
from benchmark.embeddings.cache_index import list_cache
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.worker.inside.hashes import source_hash
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


WAYS = """
import ctypes, mmap, os, subprocess, sys
import numpy as np
import spaces.inside.deep
sys.path.append("packed.zip")
import packed
with open("mapped.bin", "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
    bytes(view)
np.memmap("memmap.bin", mode="r+").sum()
np.fromfile("fromfile.bin", "u1")
global held
held = torch.from_file("torch.bin", shared=False, size=8, dtype=torch.uint8)
os.read(os.open("link.bin", os.O_RDONLY), 1)
subprocess.run(["cat", "child.bin"], check=True)
os.system("cat 'a shell.bin'")
text = open("rewritten.txt").read()
open("rewritten.txt", "w").write("normal form")
open("written.txt", "w").write("ours"); open("written.txt").read()
os.environ["OWN_GAIN"] = "1"
os.environ["OWN_GAIN"], os.environ.get("GAIN"), os.getenv("NO_GAIN"), "HAS_GAIN" in os.environ
dict(os.environ), os.environ.copy(), list(os.environ.items()), os.path.expandvars("$UNASKED")
"""


def test_every_way_to_read_is_noticed(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (modules / "spaces" / "inside").mkdir(parents=True)
    (modules / "spaces" / "inside" / "deep.py").touch()
    with ZipFile(modules / "packed.zip", "w") as archive:
        archive.writestr("packed.py", "z = 1")
    for name in ("mapped", "memmap", "fromfile", "torch", "linked", "child", "a shell"):
        (modules / f"{name}.bin").write_bytes(bytes(range(8)))
    (modules / "link.bin").symlink_to("linked.bin")
    (modules / "rewritten.txt").write_text("as it was")
    monkeypatch.setenv("GAIN", "2")
    hear = _loaded(write_module(modules, scene=WAYS))
    hear.scene(AUDIO)
    found = {Path(path).name: sha for path, sha in hear.module.inputs().items()}  # type: ignore[union-attr]
    hear.close()
    files = ("mapped", "memmap", "fromfile", "torch", "link", "child", "a shell")
    assert set(found) == {
        *(f"{name}.bin" for name in files),
        *("deep.py", "packed.zip", "rewritten.txt", "$GAIN", "$NO_GAIN", "$HAS_GAIN"),
    }
    assert found["rewritten.txt"] == hashlib.sha256(b"as it was").hexdigest()
    known = {"$GAIN": found["$GAIN"], "$NO_GAIN": found["$NO_GAIN"]}
    assert changed_input(known) is None
    monkeypatch.setenv("GAIN", "3")
    assert changed_input(known) == "$GAIN"
    monkeypatch.setenv("GAIN", "2")
    monkeypatch.setenv("NO_GAIN", "")
    assert changed_input(known) == "$NO_GAIN"


def test_a_source_that_changed_within_its_second_is_what_runs(modules: Path) -> None:
    helper = modules / "helpers.py"
    name = write_module(modules, scene="import helpers\nembeddings = embeddings * helpers.gain")
    given = []
    for gain in ("1", "2"):
        helper.write_text(f"gain = {gain}\n")
        os.utime(helper, (1e9, 1e9))
        py_compile.compile(str(helper)) if gain == "1" else None
        hear = _loaded(name)
        given.append(hear.scene(AUDIO))
        hear.close()
    np.testing.assert_array_equal(2 * given[0], given[1])


def test_a_checkpoint_folder_counts_with_what_its_links_lead_to(tmp_path: Path) -> None:
    checkpoint, elsewhere = tmp_path / "checkpoint", tmp_path / "elsewhere"
    checkpoint.mkdir()
    elsewhere.mkdir()
    (checkpoint / "linked").symlink_to(elsewhere)
    (elsewhere / "circle").symlink_to(checkpoint)
    (elsewhere / "weights.bin").write_bytes(b"1")
    before = source_hash({}, str(checkpoint))
    assert source_hash({}, str(checkpoint)) == before
    (elsewhere / "weights.bin").write_bytes(b"2")
    assert source_hash({}, str(checkpoint)) != before


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
