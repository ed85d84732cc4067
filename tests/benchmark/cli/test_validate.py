"""The command line as a user meets it: exit codes, one line for a failure, no traceback."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli.validate import main
from benchmark.models.outputs import ABSENT_LIBRARY
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
    env = {"PYTHONPATH": str(ROOT), "MSBENCH_CACHE": str(folder / "cache")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


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
    log = tmp_path / "cache" / "logs" / "validator" / "my_module.log"
    assert done.stderr == (
        "Error: Module 'my_module' cannot be imported: ModuleNotFoundError: No module named "
        f"'nowhere'; {ABSENT_LIBRARY} (its traceback is in {log})\n"
    )
    assert "line 2, in <module>\n    from nowhere import y\n" in log.read_text()


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


EXITS = "import sys\nload_model = lambda path='': sys.exit(0)\n"
CRASHES = """
import ctypes
print("before \\x1b[31mthe end")
def get_scene_embeddings(audio, model):
    return ctypes.string_at(0)
"""
LAZY = """
from torch import nn
class Lazy(FakeModel):
    def __init__(self):
        super().__init__()
        self.late = nn.LazyLinear(8)
load_model = lambda path="": Lazy()
"""
DROPS = """
def get_scene_embeddings(audio, model):
    return torch.nn.functional.dropout(clean_scene(audio, model), 0.1, model.training)
"""
NOT_MODULES = {
    "exits": (EXITS, r"load_model raised SystemExit: 0 \(its traceback is in "),
    "crashes": (CRASHES, r"killed by SIGSEGV; its last words: before \\x1b\[31mthe end \(all in "),
    "lazy": (LAZY, r"load_model returned a model without weights in late\.weight, late\.bias; "),
    "drops": (DROPS, r"Two calls of get_scene_embeddings on the same audio differ by "),
}


@pytest.mark.own_process
@pytest.mark.parametrize("name", NOT_MODULES)
def test_what_a_module_does_to_its_process_is_one_sentence(
    name: str, modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also as it was loaded: evaluation mode is load_model's affair, and no seed hides a draw."""
    source, sentence = NOT_MODULES[name]
    monkeypatch.setenv("MSBENCH_CACHE", str(modules / "cache"))
    (modules / f"{name}.py").write_text(CLEAN + MODULE + source)
    result = CliRunner().invoke(main, [name, "-d", "cpu"])
    assert result.exit_code == 1, result.output
    assert re.search(f"^Error: .*{sentence}.*$", result.output, re.MULTILINE)
    assert "Traceback" not in result.output and "\x1b" not in result.output


@pytest.mark.own_process
def test_what_a_module_prints_is_in_a_log(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSBENCH_CACHE", str(modules / "cache"))
    prints = "import warnings\nprint('a large network')\nwarnings.warn('I warn')\n"
    (modules / "prints.py").write_text(CLEAN + MODULE + prints)
    result = CliRunner().invoke(main, ["prints", "-d", "cpu"])
    assert result.exit_code == 0, result.output
    assert "network" not in result.output and "I warn" not in result.output
    log = modules / "cache" / "logs" / "validator" / "prints.log"
    assert result.stdout.endswith(f"What the module printed is in {log}\nLooks good!\n")
    assert "a large network" in log.read_text() and "UserWarning: I warn" in log.read_text()


def test_env_names_an_interpreter(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["my_module", "--env", f"my_module={tmp_path / 'none'}"])
    assert result.exit_code == 2
    assert f"There is no Python interpreter at {tmp_path / 'none'}" in result.output
