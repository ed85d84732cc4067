from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from pretrain.cli import main

pytestmark = pytest.mark.usefixtures("few_statistics")

TINY = """
encoder: {size: 16, width: 0.25, depth: 0.3}
data: {mixture_probability: 0.5, background_probability: 0.5}
run: {steps: 2, batch_size: 4, crop_frames: 32}
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
    # The allocator's settings and the number of threads cannot be taken back in this process.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("msssl_common.memory.keep_freed_memory", lambda: False)
        patch.setattr("torch.set_num_threads", lambda number: None)
        return CliRunner().invoke(main, ["bench", *map(str, arguments)])


def test_it_prints_and_writes_the_table(audio: Path, tmp_path: Path) -> None:
    recipe, out = tmp_path / "tiny.yaml", tmp_path / "table.md"
    recipe.write_text(TINY)
    options = ("--batch-size", 2, "--runs", 1, "--steps", 1, "--out", out)
    result = call("--recipe", recipe, "--data", audio, *options)
    assert result.exit_code == 0, result.output
    text = out.read_text()
    assert "3 clips, 0.00 h, in memory; 6 crops a step" in text and "authors" not in text
    assert "whole step" in result.output


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--recipe": "simclr"}, "no recipe 'simclr'"),
        ({"--out": "table.csv"}, "the file must end in .md or .json"),
        ({"--authors": "nowhere/python"}, "nowhere/python: No such file or directory"),
        ({"--batch-size": 9}, "3 clips, fewer than a batch of 9"),
    ],
)
def test_errors_are_one_line(
    audio: Path, tmp_path: Path, changed: dict[str, object], sentence: str
) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(TINY)
    given = {"--recipe": recipe, "--data": audio, "--batch-size": 2, "--runs": 1, **changed}
    result = call(*(word for pair in given.items() for word in pair), "--steps", 1)
    assert result.exit_code == 1
    assert sentence in result.output and "Traceback" not in result.output
