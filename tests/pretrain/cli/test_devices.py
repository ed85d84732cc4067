"""``--device`` with several words is ``--devices`` with these GPUs alone."""

import os
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import pretrain.cli
from msssl_common.devices import VISIBLE
from pretrain.cli import main


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], int, str | None]]:
    """What processes would be started with: words, number, GPUs that they see."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setenv(VISIBLE, "")  # put back afterwards
    monkeypatch.delenv(VISIBLE)
    found: list[tuple[list[str], int, str | None]] = []
    monkeypatch.setattr(
        pretrain.cli,
        "launch",
        lambda words, devices: found.append((words, devices, os.environ.get(VISIBLE))),
    )
    return found


def _run(tmp_path: Path, *options: str) -> tuple[int, str]:
    words = ["run", "--recipe", "multi", "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, [*words, *options])
    return done.exit_code, done.output


def test_several_gpus_are_so_many_processes_that_see_no_other(tmp_path: Path, launched) -> None:
    assert _run(tmp_path, "--device", "cuda:3,1") == (0, "")
    ((words, devices, seen),) = launched
    assert words[words.index("--device") + 1] == "cuda"
    assert "--devices" not in words
    assert (devices, seen) == (2, "3,1")


def test_what_does_not_fit_together_is_said(tmp_path: Path, launched) -> None:
    code, told = _run(tmp_path, "--device", "cuda:0,0")
    assert (code, "names a GPU twice: each process needs its own" in told) == (1, True)
    code, told = _run(tmp_path, "--device", "cuda:0,1", "--devices", "3")
    assert (code, "names 2 devices, --devices 3" in told) == (1, True)
    assert launched == []
