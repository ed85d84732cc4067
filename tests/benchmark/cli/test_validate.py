"""The command line as a user meets it: exit codes, one line for a failure, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli.validate import main
from tests import ROOT
from tests.benchmark.validator.fake_module import hear_module, model_with

CLEAN = "from tests.benchmark.validator.fake_module import *\n"
MODULE = """
load_model = lambda path="": FakeModel()
get_timestamp_embeddings = clean_timestamps
get_scene_embeddings = clean_scene
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from benchmark.cli.validate import main; main()", *arguments]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )


def test_a_clean_module_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "my_module.py").write_text(CLEAN + MODULE)
    done = run(tmp_path, "my_module", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "Importing my_module"
    assert done.stdout.splitlines()[-1] == "Looks good!"
    assert done.stderr.startswith("Warning: IMPORTANT: A common bug")
    assert done.stderr.count("\n") == 1


def test_a_broken_module_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "my_module.py").write_text("x = 1\nfrom nowhere import y\n")
    done = run(tmp_path, "my_module")
    assert done.returncode == 1
    assert done.stderr == (
        "Error: Cannot import my_module: ModuleNotFoundError: No module named 'nowhere'\n"
    )


def test_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fake", hear_module(model_with(sample_rate=8000)))
    result = CliRunner().invoke(main, ["fake"])
    assert result.exit_code == 1
    assert result.output.endswith(
        "Error: Input sample rate of 8000 is invalid. "
        "Must be one of [16000, 22050, 32000, 44100, 48000]\n"
    )


def test_the_model_path_reaches_load_model(monkeypatch: pytest.MonkeyPatch) -> None:
    module = hear_module()
    paths = []
    made = module.load_model
    module.load_model = lambda path="none": (paths.append(path), made())[1]
    monkeypatch.setitem(sys.modules, "fake", module)
    result = CliRunner().invoke(main, ["fake", "-m", "weights.pt", "-d", "cpu"])
    assert result.exit_code == 0
    assert paths == ["weights.pt"]
    assert "  - Loading model with weights file: weights.pt" in result.output
    assert CliRunner().invoke(main, ["fake", "-d", "cpu"]).exit_code == 0
    assert paths == ["weights.pt", "none"]
