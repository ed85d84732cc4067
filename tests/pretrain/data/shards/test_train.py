"""Training from shards: as from the folder when held, the same run when streamed and stopped."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from safetensors.torch import load_file
from torch import Tensor

from pretrain.cli import main
from pretrain.data.open import open_data
from pretrain.recipe import DataArgs, Recipe
from pretrain.train import train
from pretrain.training import Training

pytestmark = pytest.mark.usefixtures("few_statistics")

TINY = """
encoder: {size: 16, width: 0.25, depth: 0.3}
run: {steps: 2, batch_size: 2, crop_frames: 32}
"""


def weights(path: Path) -> dict[str, Tensor]:
    return load_file(path.parent / "weights.safetensors")


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(first[k].equal(second[k]) for k in first)


def test_shards_held_in_memory_train_as_their_folder(
    audio: Path, shards: Path, tmp_path: Path, tiny_recipe: Recipe
) -> None:
    held = train(tiny_recipe, open_data(shards, 16000), tmp_path / "held", "cpu", False)
    folder = train(tiny_recipe, open_data(audio, 16000), tmp_path / "folder", "cpu", False)
    assert same(weights(held), weights(folder))


def test_a_streamed_run_stopped_in_mid_epoch_ends_with_the_same_weights(
    shards: Path, tmp_path: Path, tiny_recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DataArgs(synthetic_clips=5, mixture_probability=0.5, background_probability=0.5)
    recipe = replace(tiny_recipe, data=data, run=replace(tiny_recipe.run, checkpoint_minutes=1e-9))

    def trained(folder: Path, resume: bool) -> Path:
        corpus = open_data(shards, 16000, synthetic=5, reader="stream")
        return train(recipe, corpus, folder, "cpu", resume)

    whole = trained(tmp_path / "whole", False)
    do_step = Training.do_step

    def stopping(training: Training, step: int):  # type: ignore[no-untyped-def]
        if step == 3:
            raise KeyboardInterrupt
        return do_step(training, step)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "do_step", stopping)
        with pytest.raises(KeyboardInterrupt):
            trained(tmp_path / "part", False)
    assert same(weights(trained(tmp_path / "part", True)), weights(whole))


def call(*arguments: object) -> Result:
    # The allocator's settings cannot be taken back in this process.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("msssl_common.memory.keep_freed_memory", lambda: False)
        return CliRunner().invoke(main, ["run", *map(str, arguments)])


def test_the_command_takes_shards_and_does_not_mix_readers(shards: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(TINY)
    arguments = ("--recipe", recipe, "--data", shards, "--out", tmp_path / "run")
    result = call(*arguments, "--reader", "stream")
    assert result.exit_code == 0, result.output
    assert "streamed from shards (as told)" in result.output and "27 clips" in result.output
    other = call(*arguments, "--resume")
    assert other.exit_code == 1
    assert "was started with corpus.reader 'stream', not None" in other.output
    assert call(*arguments, "--resume", "--reader", "stream").exit_code == 0
