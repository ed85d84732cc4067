import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.embeddings.cache import CacheEntry, SplitRecord, read_about, record_text
from benchmark.embeddings.npy_writer import NpyWriter
from benchmark.models.fingerprint import module_hash, source_hash, weights_hash
from benchmark.models.hear_module import load_hear_module
from msssl_common.files import cache_root
from tests.benchmark.fake_modules import write_module


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_cache_root_is_the_environment_or_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", "/somewhere")
    assert cache_root() == Path("/somewhere")
    monkeypatch.delenv("MSBENCH_CACHE")
    assert cache_root() == Path.home() / ".cache" / "msssl-hear"


def _filled_entry() -> CacheEntry:
    entry = CacheEntry.of("module", "task", {"label": "a"})
    with NpyWriter(entry.embeddings_path("test"), (2,), np.float32) as embeddings:
        embeddings.append(np.arange(6.0).reshape(3, 2))
    with NpyWriter(entry.timestamps_path("test"), (), np.float64) as timestamps:
        timestamps.append(np.arange(3.0))
    record = SplitRecord(
        ["a", "b"], [1, 2], embeddings.crc32, timestamps.crc32, 1.0, 0.5, 2.0, None
    )
    entry.record_path("test").write_text(record_text(record))
    return entry


def test_entry_reads_back_what_was_stored() -> None:
    entry = _filled_entry()
    stored = CacheEntry.of("module", "task", {}).load("test")
    assert stored is not None
    assert stored.record.clips == ["a", "b"]
    np.testing.assert_array_equal(stored.embeddings, [[0, 1], [2, 3], [4, 5]])
    assert stored.timestamps_ms is not None
    assert stored.timestamps_ms.dtype == np.float64
    assert entry.load("train") is None
    assert CacheEntry.of("module", "other task", {}).load("test") is None
    assert CacheEntry.of("other module", "task", {}).load("test") is None
    assert CacheEntry.of("module", "task", {}, "float16").load("test") is None
    assert entry.load("test", ["a", "b"]) is not None
    assert entry.load("test", ["b", "a"]) is None


def test_there_are_two_types_of_embeddings() -> None:
    with pytest.raises(ValueError, match="float32 or float16, not in 'int8'"):
        CacheEntry.of("module", "task", {}, "int8")


def test_an_entry_is_described_once() -> None:
    entry = CacheEntry.of("module", "task", {"module": "a"})
    CacheEntry.of("module", "task", {"module": "b"}).describe({"clips": 3})
    about = read_about(entry.folder)
    assert (about["module"], about["clips"], about["dtype"]) == ("a", 3, "float32")
    (entry.folder / "entry.json").write_text("[]")
    assert read_about(entry.folder) == {}


def test_a_record_of_an_older_format_counts_as_absent() -> None:
    entry = _filled_entry()
    record = json.loads(entry.record_path("test").read_text())
    del record["peak_memory_bytes"]
    entry.record_path("test").write_text(json.dumps(record))
    assert entry.load("test") is None


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *itertools.product(["test.npy", "test.timestamps.npy"], ["remove", "cut", "flip", "empty"]),
        *itertools.product(["test.json"], ["remove", "cut", "empty"]),
    ],
)
def test_damaged_entries_count_as_absent(name: str, damage: str) -> None:
    entry = _filled_entry()
    path = entry.folder / name
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:-5])
    elif damage == "flip":
        path.write_bytes(content[:-6] + bytes([content[-6] ^ 1]) + content[-5:])
    else:
        path.write_bytes(b"")
    assert entry.load("test") is None


def test_weights_hash_sees_every_tensor() -> None:
    def model() -> torch.nn.Module:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
        model.register_buffer("window", torch.ones(3), persistent=False)
        return model

    same = weights_hash(model())
    assert weights_hash(model()) == same
    assert weights_hash(model().to(torch.bfloat16)) != same
    for name, value in [("0.weight", 1e-7), ("1.running_mean", 1e-7), ("window", 1e-7)]:
        changed = model()
        with torch.no_grad():
            dict([*changed.named_parameters(), *changed.named_buffers()])[name].add_(value)
        assert weights_hash(changed) != same, name


def test_module_hash_sees_source_and_checkpoint_content(modules: Path) -> None:
    def hash_of(spec: str) -> str:
        hear = load_hear_module(spec)
        return module_hash(hear, weights_hash(hear.model))

    name = write_module(modules)
    first = hash_of(name)
    assert hash_of(name) == first
    assert hash_of(f"{name}=by-name") != first
    (modules / "one.pt").write_bytes(b"weights")
    (modules / "two.pt").write_bytes(b"weights")
    assert hash_of(f"{name}=one.pt") == hash_of(f"{name}=two.pt")
    (modules / "two.pt").write_bytes(b"other weights")
    assert hash_of(f"{name}=one.pt") != hash_of(f"{name}=two.pt")
    path = modules / f"{name}.py"
    path.write_text(path.read_text() + "\n# changed\n")
    assert hash_of(name) != first


def test_source_hash_covers_the_package_of_the_models_class(modules: Path) -> None:
    package = modules / "fake_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text("FACTOR = 2")
    source = (modules / f"{write_module(modules)}.py").read_text()
    (package / "model.py").write_text(source)
    name = write_module(modules, source="from fake_package.model import *")
    hear = load_hear_module(name)
    before = source_hash(hear.module, hear.model)
    (package / "layers.py").write_text("FACTOR = 3")
    assert source_hash(hear.module, hear.model) != before
