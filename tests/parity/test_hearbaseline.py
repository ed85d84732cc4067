"""Upstream's hearbaseline 2021.1.1, unmodified, in Python 3.8 with the libraries of its time.

Its rows come through ``msbench run --env``; what they hold is compared with hearbaseline called by
hand in its own interpreter.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from benchmark.models.hear_module import load_hear_module
from benchmark.models.worker.interpreter import Interpreter
from tests.benchmark import tiny_tasks
from tests.parity.environment import HEARBASELINE, python_of

pytestmark = pytest.mark.parity

MODULES = ("hearbaseline", "hearbaseline.tf.naive", "hearbaseline.keras.naive")
BY_HAND = """
import importlib, random, sys
import numpy as np
module, out = importlib.import_module(sys.argv[1]), sys.argv[2]
random.seed(0)  # Keras takes its seeds from here, and hearbaseline sets none for it
model = module.load_model()
audio = np.load(sys.argv[3])
if hasattr(model, "parameters"):
    import torch
    torch.set_num_threads(1)
    with torch.no_grad():
        embeddings, timestamps = module.get_timestamp_embeddings(torch.from_numpy(audio), model)
        scene = module.get_scene_embeddings(torch.from_numpy(audio), model)
else:
    import tensorflow as tf
    audio = tf.convert_to_tensor(audio)
    embeddings, timestamps = module.get_timestamp_embeddings(audio, model)
    scene = module.get_scene_embeddings(audio, model)
np.savez(out, embeddings.numpy(), timestamps.numpy(), scene.numpy())
"""


@pytest.fixture(scope="module")
def python() -> Path:
    if python_of("3.8") is None:
        pytest.skip("hearbaseline's libraries need a python3.8, and there is none on the path")
    return HEARBASELINE.folder() / "bin" / "python"


@pytest.mark.parametrize("name", MODULES)
def test_the_worker_gives_what_the_module_gives(
    name: str, python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    audio = np.random.default_rng(0).uniform(-1, 1, (2, 44100)).astype(np.float32)
    np.save(tmp_path / "audio.npy", audio)
    arguments = ["-c", BY_HAND, name, tmp_path / "out.npz", tmp_path / "audio.npy"]
    subprocess.run([python, *arguments], check=True)
    by_hand = list(np.load(tmp_path / "out.npz").values())
    hear = load_hear_module(name, "cpu", Interpreter(python))
    embeddings, timestamps = hear.timestamps(torch.from_numpy(audio))
    scene = hear.scene(torch.from_numpy(audio))
    hear.close()
    for ours, theirs in zip((embeddings, timestamps, scene), by_hand, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_beside_ours(python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_tasks, "RATE", 44100)
    tiny_tasks.write_scene_task(tmp_path / "tasks")
    tiny_tasks.write_event_task(tmp_path / "tasks")
    clip = next(tmp_path.glob("tasks/*/44100/train/*.wav"))
    assert soundfile.info(clip).samplerate == 44100
    command = ["run", *MODULES, "msssl_hear", "--env", f"hearbaseline={python}", "--no-floor"]
    command += ["--tasks-dir", "tasks", "--grid", "faster", "--out", "out"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmark.cli", *command],
        cwd=tmp_path,
        env={
            **os.environ,
            "MSBENCH_CACHE": str(tmp_path / "cache"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cells = [json.loads(path.read_text()) for path in (tmp_path / "out/cells").glob("*.json")]
    assert len(cells) == 4 * 2
    notes = {cell["module"]["module"]: cell["module"]["note"] for cell in cells}
    assert "CPython 3.8" in notes["hearbaseline"]
    assert "tensorflow 2.13.1" in notes["hearbaseline.tf.naive"]
    for cell in cells:
        assert cell["reason"] is None
        if cell["module"]["module"] in MODULES:
            assert cell["module"]["distribution"] == "hearbaseline 2021.1.1"
            assert cell["module"]["sample_rate"] == 44100
