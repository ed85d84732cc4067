import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from pretrain.cli import main

pytestmark = pytest.mark.usefixtures("few_statistics")

TINY = """
encoder: {size: 16, width: 0.25, depth: 0.3}
run: {steps: 2, batch_size: 2, crop_frames: 32}
"""


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    folder = tmp_path / "audio"
    folder.mkdir()
    for index in range(3):
        samples = np.random.default_rng(index).normal(0, 0.1, 8000)
        soundfile.write(folder / f"{index}.wav", samples, 16000)
    return folder


def call(*arguments: object) -> Result:
    # The allocator's settings cannot be taken back in this process.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("msssl_common.memory.keep_freed_memory", lambda: False)
        return CliRunner().invoke(main, ["run", *map(str, arguments)])


def test_run_trains_and_resumes(audio: Path, tmp_path: Path) -> None:
    recipe, out = tmp_path / "tiny.yaml", tmp_path / "run"
    recipe.write_text(TINY)
    arguments = ("--recipe", recipe, "--data", audio, "--out", out)
    result = call(*arguments, "--steps", 3, "--seed", 5)
    assert result.exit_code == 0, result.output
    assert (out / "weights.safetensors").is_file() and (out / "weights.json").is_file()
    assert "3 clips" in result.output and "step 3/3" in result.output
    again = call(*arguments, "--steps", 3, "--seed", 5)
    assert again.exit_code == 1 and "give --resume" in again.output
    resumed = call(*arguments, "--resume")  # the run's own steps and seed, not the recipe's
    assert resumed.exit_code == 0 and "resuming after step 3 of 3" in resumed.output


@pytest.mark.parametrize(
    ("recipe", "data", "sentence"),
    [
        ("simclr", "audio", "no recipe 'simclr'"),
        ("multi", "nowhere", "no such folder"),
        ("multi", ".", "no audio files in it"),
        ("paper", "audio", "the corpus has 3 clips, fewer than a batch of 64"),
    ],
)
def test_errors_are_one_line_and_exit_1(
    audio: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recipe: str,
    data: str,
    sentence: str,
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    folder = {"audio": audio, "nowhere": tmp_path / "nowhere", ".": empty}[data]
    result = call("--recipe", recipe, "--data", folder, "--out", tmp_path / "run")
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    last = result.output.strip().splitlines()[-1]
    assert last.startswith("Error: ") and sentence in last
    assert not (tmp_path / "run").exists()


def test_help_does_not_import_torch() -> None:
    code = "import sys, pretrain.cli; print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
