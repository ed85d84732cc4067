"""Commands that start Python, in a folder whose own modules have our packages' names."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msssl_common.own_python import own_python
from tests import ROOT
from tests.benchmark.heareval.heareval_folders import write_scene_folder
from tests.msssl_common.decoys import write_decoys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with a module or package of each of our names."""
    write_decoys(tmp_path)
    (tmp_path / "t.yaml").write_text("base: cola\nname: tiny\ndata:\n  synthetic_clips: 0\n")
    rng = np.random.default_rng(0)
    for label in "ab":
        (tmp_path / "raw" / label).mkdir(parents=True)
        for number in range(4):
            noise = 0.1 * rng.standard_normal(16000)
            soundfile.write(tmp_path / "raw" / label / f"{number}.wav", noise, 16000)
    return tmp_path


def _program(name: str) -> str:
    """A console script of the interpreter that runs the tests."""
    module = {"msbench": "benchmark.cli", "mspretrain": "pretrain.cli"}[name]
    return f"import sys; sys.path[:1] = [{str(ROOT)!r}]; from {module} import main; main()"


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MSBENCH_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)  # the packages are found as an installed program finds them
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def test_plain_python_would_run_the_decoy(folder: Path) -> None:
    done = _run(folder, sys.executable, "-m", "pretrain", "--help")
    assert "decoy" in done.stderr


@pytest.mark.parametrize("module", ["pretrain", "benchmark"])
def test_a_module_of_ours_is_started(folder: Path, module: str) -> None:
    done = _run(folder, *own_python(module, "--help"))
    assert done.returncode == 0 and "Usage: ms" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "mspretrain run --recipe t.yaml --data raw --out run --steps 1 --batch-size 2 --devices 2",
        "mspretrain pack --data raw --out shards",
        "msbench tasks make folders toy --source raw --to tasks",
    ],
    ids=["devices", "pack", "make"],
)
def test_commands_that_start_python_run_ours(folder: Path, words: str) -> None:
    program, *arguments = words.split()
    done = _run(folder, sys.executable, "-c", _program(program), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_timed_heads_run_ours(folder: Path) -> None:
    task = write_scene_folder(folder / "embeddings" / "toy-v1-full")
    words = ["bench", "heads", str(task), "--grid", "faster", "--grid-points", "1", "--runs", "1"]
    done = _run(folder, sys.executable, "-c", _program("msbench"), *words, "--modes", "fast")
    assert done.returncode == 0, done.stdout + done.stderr
