"""The modules on docs/own_model.md are whole: each embeds tasks as it stands on the page."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import benchmark
from benchmark.models.hear_module import load_hear_module
from tests.benchmark.tiny_tasks import write_scene_task

PAGE = Path(__file__).resolve().parents[1] / "docs" / "own_model.md"
FILE = re.compile(r"```python\n# (\w+)\.py\n(.*?)^```\n", re.DOTALL | re.MULTILINE)
AUDIO = torch.linspace(-1, 1, 3 * 16000).reshape(3, 16000)


@pytest.fixture
def pages_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The page's files in the current folder."""
    found = dict(FILE.findall(PAGE.read_text(encoding="utf-8")))
    for name, source in found.items():
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield found
    for name in found:
        sys.modules.pop(name, None)


def test_a_network_that_gives_frames(pages_modules: dict[str, str]) -> None:
    first = load_hear_module("my_module")
    torch.save(first.model.state_dict(), "weights.pt")
    again = load_hear_module("my_module=weights.pt")
    for hear in (first, again):
        frames, times = hear.timestamps(AUDIO)
        assert frames.shape == (3, 51, 64)
        np.testing.assert_array_equal(times[2], 20.0 * np.arange(51))
    np.testing.assert_array_equal(first.scene(AUDIO), again.scene(AUDIO))


def test_an_onnx_file(pages_modules: dict[str, str]) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    filters = np.random.default_rng(0).standard_normal((64, 1, 640)).astype("f")
    tensor, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
    graph = onnx.helper.make_graph(
        [
            node("Unsqueeze", ["audio", "one"], ["mono"]),
            node("Conv", ["mono", "filters"], ["out"], strides=[320], pads=[320, 320]),
            node("Transpose", ["out"], ["frames"], perm=[0, 2, 1]),
        ],
        "frames",
        [tensor("audio", onnx.TensorProto.FLOAT, ["clips", "samples"])],
        [tensor("frames", onnx.TensorProto.FLOAT, ["clips", "frames", 64])],
        [
            onnx.numpy_helper.from_array(filters, "filters"),
            onnx.numpy_helper.from_array(np.array([1]), "one"),
        ],
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), "model.onnx")
    hear = load_hear_module("my_onnx=model.onnx")
    convolved = torch.nn.functional.conv1d(
        AUDIO[:, None], torch.from_numpy(filters), stride=320, padding=320
    )
    frames, _ = hear.timestamps(AUDIO)
    np.testing.assert_allclose(frames, convolved.mT.numpy(), rtol=1e-3, atol=1e-3)


def test_stored_embeddings(pages_modules: dict[str, str]) -> None:
    write_scene_task(Path("tasks"), "doors")
    exec(compile(pages_modules["embed_elsewhere"], "embed_elsewhere.py", "exec"), {})
    board = benchmark.evaluate(
        ["my_stored=stored.npz"],
        floors=False,
        tasks_dir="tasks",
        protocol=benchmark.Protocol("faster", probe="linear"),
        out="results",
    )
    assert board.score("my_stored=stored.npz", "doors-v1-full").value == 1.0
