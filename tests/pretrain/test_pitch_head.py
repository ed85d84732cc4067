from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor

from msssl_hear.encoder import EncoderConfig
from msssl_hear.log_mel import LogMel
from pretrain.data.corpus import Corpus
from pretrain.model import SamplingStrategies
from pretrain.recipe import LossArgs, OptimiserArgs, Recipe, RunArgs
from pretrain.train import train
from tests.bench.pitch_head import (
    SOUNDS,
    TWO_NOISES,
    Followed,
    best_move,
    followed,
    measure,
    measure_run,
    sounds,
)


class BandOfThePeak(torch.nn.Module):
    """Reads a sine's pitch off the loudest mel band; in units of three semitones."""

    def forward(self, log_mel: Tensor, lengths: None = None, contrast: None = None) -> Tensor:
        bands = log_mel.argmax(dim=2) + 1
        mels = 2595 * torch.log10(torch.tensor(1 + 60 / 700))
        top = 2595 * torch.log10(torch.tensor(1 + 6500 / 700))
        hz = 700 * (10 ** ((mels + bands * (top - mels) / 65) / 2595) - 1)
        return 12 * torch.log2(hz) / 3


def test_an_answer_that_is_the_shift_is_perfect() -> None:
    shifts = torch.tensor([1.0, -2.0, 4.0])
    assert followed(shifts, shifts) == (1.0, 1.0)
    assert followed(torch.zeros(3), shifts) == (0.0, 0.0)
    assert followed(shifts / 2, shifts) == (0.75, 0.5)


def test_a_head_that_hears_the_pitch_of_sines_follows_it(tiny_recipe: Recipe) -> None:
    module = SamplingStrategies(tiny_recipe)
    module.encoder, module.pitch_head = BandOfThePeak(), torch.nn.Identity()  # type: ignore[assignment]
    found = {}
    for kind in SOUNDS:
        audio = sounds(kind, 5120, 16000)
        found[kind] = measure(module, LogMel(), tiny_recipe, audio, audio)
    assert found["sines"].r2 > 0.8 and 0.9 < found["sines"].slope < 1.1
    assert abs(found["white noise"].slope) < 0.2
    # Two sines that differ by more than the shift: what it hears is their own distance.
    strangers = sounds("sines", 5120, 16000), sounds("sines", 5120, 16000, seed=1)
    assert measure(module, LogMel(), tiny_recipe, *strangers).r2 < 0


def test_the_best_move_of_the_contrastive_form_is_the_shift() -> None:
    # a peak at bin 100 in both frames; the other crop's a semitone (3 bins) up, or 2 down
    pitches = torch.tensor([[103.0, 103.0], [94.0, 94.0]])
    axis = torch.arange(264.0)
    low = -(axis - 100).square().expand(2, 2, 264) / 8
    high = -(axis - pitches[:, :, None]).square() / 8
    assert best_move(low, high, 18).tolist() == [1.0, -2.0]
    assert best_move(high, low, 18).tolist() == [-1.0, 2.0]
    assert best_move(low, low, 18).tolist() == [0.0, 0.0]


@pytest.mark.usefixtures("few_statistics")
def test_a_run_is_measured_with_its_own_weights(
    tiny_recipe: Recipe, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    train(tiny_recipe, tiny_corpus, tmp_path, "cpu", resume=False)
    first = measure_run(tmp_path)
    assert list(first) == [*SOUNDS, TWO_NOISES]
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    state["module"]["pitch_head.linear.weight"] *= 0
    torch.save(state, tmp_path / "state.pt")
    assert all(value == (0.0, 0.0) for value in measure_run(tmp_path).values()) and first
    assert all(value.slope != 0 for value in first.values())
    config = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    config["loss"]["pitch_weight"] = 0.0
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with pytest.raises(ValueError, match="no pitch head was trained"):
        measure_run(tmp_path)


def trained_on(kinds: list[str], steps: int, folder: Path) -> dict[str, Followed]:
    """Clip and pitch losses on 200 half seconds of tonal sounds; then measured on unseen ones."""
    generator = np.random.default_rng(1)
    clips = [SOUNDS[kinds[i % len(kinds)]](generator, 8000, 16000) for i in range(200)]
    corpus = Corpus(
        torch.from_numpy(np.concatenate([c / np.abs(c).max() * 10000 for c in clips])).short(),
        torch.arange(201) * 8000,
        tuple(f"{i}.wav" for i in range(200)),
        ("tonal",) * 200,
    )
    recipe = Recipe(
        name="tonal",
        encoder=EncoderConfig(size=64, width=0.25, depth=0.3),
        loss=LossArgs(frame_weight=0, pitch_weight=10),
        optimiser=OptimiserArgs(learning_rate=2e-3),
        run=RunArgs(steps=steps, batch_size=32, crop_frames=32),
    )
    train(recipe, corpus, folder, "cpu", resume=False)
    return measure_run(folder)


@pytest.mark.usefixtures("few_statistics")
def test_a_head_trained_on_sines_follows_unseen_ones_and_not_noise(tmp_path: Path) -> None:
    found = trained_on(["sines"], 120, tmp_path)
    assert found["sines"].r2 > 0.4 and found["sines"].slope > 0.3
    for noise in ("white noise", TWO_NOISES):
        assert abs(found[noise].r2) < 0.1 and abs(found[noise].slope) < 0.2


@pytest.mark.slow  # a minute
@pytest.mark.usefixtures("few_statistics")
def test_a_head_trained_on_tones_and_notes_follows_both_and_not_noise(tmp_path: Path) -> None:
    found = trained_on(["sines", "synthetic notes"], 500, tmp_path)
    assert found["sines"].r2 > 0.5 and found["synthetic notes"].r2 > 0.15
    assert abs(found["white noise"].r2) < 0.1 and abs(found["white noise"].slope) < 0.2
