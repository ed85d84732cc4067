"""The PANNs recipe: augmentation, resume, export, labels."""

import csv
import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

from benchmark.baselines import panns as hear_module
from benchmark.baselines.panns.checkpoints import load_weights
from benchmark.baselines.panns.cnn import CNN6_16K
from pretrain.data.corpus import read_corpus
from pretrain.loop import Loop, Progress
from pretrain.panns import train as panns
from pretrain.panns.augment import mixup, mixup_shares, spec_augment
from pretrain.panns.data import one_hot, split_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two kinds of sound that cannot be confused: 24 tones, 24 noises of 0.5 to 2 s."""
    root = tmp_path_factory.mktemp("audio")
    rng = np.random.default_rng(0)
    for kind in ("tones", "noises"):
        (root / kind).mkdir()
        for i in range(24):
            time = np.arange(int(16_000 * rng.uniform(0.5, 2))) / 16_000
            tone = 0.3 * np.sin(2 * np.pi * rng.uniform(100, 3000) * time)
            audio = tone if kind == "tones" else rng.normal(0, 0.1, len(time))
            soundfile.write(root / kind / f"{i:02}.wav", audio, 16_000)
    return root


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same network with few channels."""
    small = replace(CNN6_16K, channels=(8, 8, 8, 16))
    monkeypatch.setattr(panns, "CNN6_16K", small)
    monkeypatch.setattr("benchmark.baselines.panns.checkpoints.ARCHITECTURES", (small,))


def test_spec_augment_clears_at_most_two_stripes_per_axis() -> None:
    generator = torch.Generator().manual_seed(0)
    ones = torch.ones(400, 97, 64)
    augmented = spec_augment(ones, generator)
    frames = (augmented.amax(2) == 0).sum(1)
    bands = (augmented.amax(1) == 0).sum(1)
    # 64 of 1001 frames is 6 of 97; widths end below the maximum, as in torchlibrosa.
    assert frames.max() == 2 * 5
    assert bands.max() == 2 * 7
    assert frames.min() == bands.min() == 0
    assert 4 < frames.float().mean() < 5  # twice the mean width 2.5, less overlaps
    kept = (augmented.amax(2) > 0)[:, :, None] & (augmented.amax(1) > 0)[:, None, :]
    assert torch.equal(augmented > 0, kept)
    # Edges are reached, and every clip has its own stripes.
    assert (augmented[:, 0].amax(1) == 0).any()
    assert (augmented[:, -1].amax(1) == 0).any()
    assert len({tuple(row.tolist()) for row in augmented.amax(2) > 0}) > 300


def test_mixup_mixes_neighbours() -> None:
    batch = torch.randn(6, 5, 4)
    shares = mixup_shares(3, torch.Generator().manual_seed(0))
    mixed = mixup(batch, shares)
    for pair in range(3):
        first, second = batch[2 * pair], batch[2 * pair + 1]
        expected = shares[pair] * first + (1 - shares[pair]) * second
        torch.testing.assert_close(mixed[pair], expected)
    targets = mixup(torch.eye(6), shares)
    torch.testing.assert_close(targets.sum(1), torch.ones(3))


def test_every_20th_clip_of_a_source_is_held_out(folder: Path) -> None:
    corpus = read_corpus(folder)
    training, held_out = split_corpus(corpus)
    assert held_out.names == ("noises/10.wav", "tones/10.wav")
    assert held_out.sources == ("noises", "tones")
    assert len(training) == 46
    assert not set(training.names) & set(held_out.names)
    for part in (training, held_out):
        for index, name in enumerate(part.names):
            assert torch.equal(part.clip(index), corpus.clip(corpus.names.index(name)))


def test_one_hot() -> None:
    targets = one_hot(("b", "a", "b"), ("a", "b"))
    assert targets.tolist() == [[0, 1], [1, 0], [0, 1]]


def run(folder: Path, out: Path, steps: int, resume: bool = False) -> None:
    panns.run(folder, out, steps, 16, seed=0, device="cpu", resume=resume)


def test_learns_exports_and_is_loaded(narrow: None, folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "run", 30)
    with (tmp_path / "run" / "metrics.csv").open(newline="") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < 0.8 * losses[0]

    path = tmp_path / "run" / "weights.safetensors"
    model, card = load_weights(path)
    assert card == json.loads(path.with_suffix(".json").read_text())
    assert card["classes"] == ["noises", "tones"]
    assert card["metrics"]["held_out_mean_average_precision"] == 1.0
    assert (card["steps"], card["crops"], card["mixtures"]) == (30, 480, 240)
    assert "46 clips of our pretraining audio, their 2 source tags" in card["note"]
    stored = path.stat().st_size
    assert stored < 2 * sum(p.numel() for p in model.parameters()) + 4 * 257 * 64 + 20_000
    scene = hear_module.get_scene_embeddings(torch.zeros(1, 16_000), model)
    assert torch.isfinite(scene).all()


def test_resumed_run_equals_an_unbroken_one(
    narrow: None, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(folder, tmp_path / "whole", 6)
    do_step = panns.PannsTraining.do_step

    def break_off(self: panns.PannsTraining, step: int) -> tuple[torch.Tensor]:
        if step == 3:
            raise KeyboardInterrupt
        return do_step(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(panns.PannsTraining, "do_step", break_off)
        patch.setattr(Loop, "log", lambda loop: loop.save())
        with pytest.raises(KeyboardInterrupt):
            run(folder, tmp_path / "broken", 6)
    run(folder, tmp_path / "broken", 6, resume=True)
    whole, broken = (
        load_weights(tmp_path / name / "weights.safetensors")[0] for name in ("whole", "broken")
    )
    for (name, a), b in zip(whole.state_dict().items(), broken.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_a_state_from_before_the_common_loop_is_read() -> None:
    old = {"step": 3, "seconds": 1.5, "loss_sum": 0.75, "loss_count": 2}
    state = panns.with_sums(old)
    progress = Progress(**{item.name: state[item.name] for item in fields(Progress)})
    assert progress == Progress(3, 1.5, torch.tensor([0.75], dtype=torch.float64), 2)
    assert panns.with_sums(vars(progress)) is vars(progress)


def test_sees_the_crops_of_cola(folder: Path) -> None:
    args = panns.PannsArgs(steps=1, batch_size=8, crop_frames=96, seed=3, checkpoint_minutes=5)
    training = panns.PannsTraining(args, read_corpus(folder), "cpu")
    batch = training.sampler.draw(0)
    assert batch.anchor.shape == (8, 15_360)
    # cola's sampler on the same clips: another grid for the partner, which PANNs have no use for.
    cola = panns.CropSampler(training.corpus, 8, 15_360, grid=640, max_offset=8, seed=3)
    assert torch.equal(cola.draw(0).anchor, batch.anchor)


def test_half_precision_changes_little(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = panns.Panns(CNN6_16K, 7).eval()
    panns.save_weights(tmp_path / "w.safetensors", model, {})
    stored, _ = load_weights(tmp_path / "w.safetensors")
    audio = 0.1 * torch.randn(2, 16_000)
    ours, theirs = (hear_module.get_scene_embeddings(audio, m) for m in (stored, model))
    assert (ours - theirs).norm() < 2e-3 * theirs.norm()


def test_refuses_one_source(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="all clips have the source 'tones': there is nothing"):
        run(folder / "tones", tmp_path / "run", 2)


def test_refuses_odd_batches(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="batch_size is 7; it must be even: mixup pairs clips"):
        panns.run(folder, tmp_path, 2, 7, seed=0, device="cpu", resume=False)


def test_loss_that_is_not_finite_stops(folder: Path, narrow: None) -> None:
    args = panns.PannsArgs(steps=1, batch_size=8, crop_frames=96, seed=0, checkpoint_minutes=5)
    training = panns.PannsTraining(args, read_corpus(folder), "cpu")
    nn.init.constant_(training.model.fc_audioset.bias, torch.nan)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 1"):
        training.do_step(0)
