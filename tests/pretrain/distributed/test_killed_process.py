"""``--devices 2``: one process is killed, the other saves, and one process goes on."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from pretrain.run_folder import METRICS, STATE

RECIPE = """
encoder: {size: 16, width: 0.25, depth: 0.3}
data: {mixture_probability: 0.5}
loss: {frame_negatives: batch}
run: {steps: 30, batch_size: 4, crop_frames: 32}
"""
pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux")


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    (tmp_path / "audio").mkdir()
    for index, length in enumerate([8000, 3000, 9000, 20000, 6000, 7000]):
        samples = np.random.default_rng(index).normal(0, 0.1, length).cumsum()
        soundfile.write(tmp_path / "audio" / f"{index}.wav", samples / abs(samples).max(), 16000)
    (tmp_path / "tiny.yaml").write_text(RECIPE)
    words = ("run", "--recipe", tmp_path / "tiny.yaml", "--data", tmp_path / "audio", "--seed", 0)
    return [sys.executable, "-m", "pretrain", *map(str, words)]


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


def child_of_rank(parent: int, rank: int) -> int:
    """Id of the process that a training started with this rank."""
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise AssertionError(f"no process of rank {rank}")


def wait_for(path: Path, training: "subprocess.Popen[str]") -> None:
    for _ in range(6000):
        if path.exists():
            return
        assert training.poll() is None, training.communicate()
        time.sleep(0.02)
    raise AssertionError(f"no {path.name} after two minutes")


def last_loss(folder: Path) -> float:
    rows = list(csv.DictReader((folder / METRICS).open()))
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows}, key=int)
    assert rows[-1]["step"] == "30"
    return float(rows[-1]["loss"])


def test_a_killed_process_ends_the_job_which_resumes_in_one(
    command: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "killed"
    words = [*command, "--out", str(out)]
    training = subprocess.Popen(
        [*words, "--devices", "2"], stderr=subprocess.PIPE, text=True, env=environment()
    )
    wait_for(out / METRICS, training)
    os.kill(child_of_rank(training.pid, 1), signal.SIGKILL)
    _, errors = training.communicate(timeout=120)
    print(errors)
    assert training.returncode == 1
    assert "process 1 of 2 died of SIGKILL" in errors and "--resume" in errors
    assert "process 0 of 2 lost another one" in errors or "was told to end" in errors
    assert "Traceback" not in errors
    step = torch.load(out / STATE, weights_only=True)["step"]
    assert 1 <= step < 30

    resumed = subprocess.run(
        [*words, "--resume"], capture_output=True, text=True, env=environment(), check=True
    )
    assert f"resuming after step {step} of 30" in resumed.stderr
    whole = tmp_path / "whole"
    subprocess.run([*command, "--out", str(whole)], check=True, env=environment())
    assert last_loss(out) == pytest.approx(last_loss(whole), rel=0.01)
