"""The read-out ``scaled``: what it reads, how it is standardised, and where that is kept."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import msssl_hear
from msssl_hear.checkpoint import load_checkpoint, load_statistics, save_checkpoint
from msssl_hear.checkpoint import store_statistics as store
from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_frequency import LogFrequencyConfig
from msssl_hear.log_mel import LogMel
from msssl_hear.model import HearModel
from msssl_hear.read_out import Frames, scene_embedding, timestamp_embeddings
from msssl_hear.read_out_statistics import BlockScales, ReadOutStatistics
from tests.msssl_hear.test_checkpoint import rewrite

BINS = LogFrequencyConfig().bins
CONFIG = EncoderConfig(size=24, width=0.25, depth=0.2, pitch_numbers=8)
SCALES = BlockScales(trunk=1.0, branch=0.5, log_mel=0.25, contrast=0.125)


def drawn_statistics() -> ReadOutStatistics:
    torch.manual_seed(3)
    statistics = ReadOutStatistics(CONFIG, SCALES)
    for name in ("scene", "timestamp"):
        statistics.get_buffer(f"{name}_mean").normal_()
        statistics.get_buffer(f"{name}_std").uniform_(0.5, 2.0)
    return statistics


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "mine.safetensors"
    card = {"read_out": "scaled"}
    save_checkpoint(path, LogMel(), Encoder(CONFIG), card, statistics=drawn_statistics())
    return path


def test_blocks_are_standardised_and_scaled_by_hand() -> None:
    torch.manual_seed(0)
    frames = Frames(torch.randn(2, 5, 24), torch.randn(2, 5, 64), torch.randn(2, 5, BINS))
    known = drawn_statistics()
    scales = torch.tensor([1.0] * 16 + [0.5] * 8 + [0.25] * 128 + [0.125] * BINS)
    scenes, stamps = (
        scene_embedding("scaled", frames, known),
        timestamp_embeddings("scaled", frames, known),
    )
    assert scenes.shape == (2, 24 + 128 + BINS) and stamps.shape == (2, 5, 24 + 64 + BINS)
    for clip in range(2):
        mel = frames.log_mel[clip].numpy()
        numbers = [frames.learnt[clip].max(0).values, torch.tensor(mel.mean(0))]
        numbers += [torch.tensor(mel.std(0)), frames.contrast[clip].max(0).values]
        expected = scales * (torch.cat(numbers) - known.scene_mean) / known.scene_std
        torch.testing.assert_close(scenes[clip], expected)
        frame = torch.cat(
            [frames.learnt[clip, 3], frames.log_mel[clip, 3], frames.contrast[clip, 3]]
        )
        per_number = torch.cat([scales[: 24 + 64], scales[24 + 128 :]])
        expected = per_number * (frame - known.timestamp_mean) / known.timestamp_std
        torch.testing.assert_close(stamps[clip, 3], expected)


def test_a_checkpoint_keeps_them_and_says_its_read_out(saved: Path) -> None:
    model = msssl_hear.load_model(str(saved))
    assert model.read_out == "scaled" and model.scene_embedding_size == 24 + 128 + BINS
    assert model.statistics is not None and model.statistics.scales == SCALES
    for name, value in drawn_statistics().state_dict().items():
        assert torch.equal(model.statistics.state_dict()[name], value)
    audio = 0.1 * torch.randn(2, 8000)
    scenes = msssl_hear.get_scene_embeddings(audio, model)
    stamps, times = msssl_hear.get_timestamp_embeddings(audio, model)
    assert scenes.shape == (2, model.scene_embedding_size) and scenes.isfinite().all()
    assert stamps.shape == (2, times.shape[1], model.timestamp_embedding_size)
    assert msssl_hear.load_model(f"{saved}:paper").statistics is None


def test_weights_without_statistics_say_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    encoder = Encoder(replace(CONFIG, pitch_numbers=0))
    save_checkpoint(path, LogMel(), encoder, {"read_out": "full"}, torch.float32)
    with pytest.raises(ValueError, match=r"mine:scaled: these weights have no statistics .* fit"):
        msssl_hear.load_model(f"{path}:scaled")
    with pytest.raises(ValueError, match="read-out 'loud' is none of paper, max_mean, full, scal"):
        HearModel(LogMel(), Encoder(CONFIG), {"read_out": "loud"}, "mine")


@pytest.mark.parametrize("name", msssl_hear.KNOWN_WEIGHTS)
def test_bundled_weights_have_statistics(name: str) -> None:
    assert msssl_hear.load_model(name).read_out == "full"
    model = msssl_hear.load_model(f"{name}:scaled")
    assert model.scene_embedding_size == 512 + 128 + BINS


def test_statistics_are_stored_in_weights_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    encoder = Encoder(replace(CONFIG, pitch_numbers=0))
    save_checkpoint(path, LogMel(), encoder, {"read_out": "full"}, torch.float32)
    assert load_statistics(path) is None
    before = load_file(path)
    statistics = ReadOutStatistics(encoder.config)
    store(path, statistics)
    assert load_checkpoint(path)[2]["read_out"] == "full"
    store(path, statistics, "scaled")
    after = load_file(path)
    assert set(after.keys() - before.keys()) == {
        f"read_out.{part}_{kind}" for part in ("scene", "timestamp") for kind in ("mean", "std")
    }
    for name, value in before.items():
        assert after[name].dtype == value.dtype and torch.equal(after[name], value)
    card = json.loads(path.with_suffix(".json").read_text())
    assert (card["read_out"], card["read_out_scales"]["contrast"]) == ("scaled", 0.3)
    assert msssl_hear.load_model(str(path)).read_out == "scaled"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t, card: t.update({"read_out.scene_std": torch.zeros(427)}), "is 0 or less"),
        (lambda t, card: t.update({"read_out.scene_std": torch.ones(3)}), r"has shape \(3,\)"),
        (lambda t, card: t.pop("read_out.timestamp_mean"), "lacks the weight 'timestamp_mean'"),
        (lambda t, card: card.pop("read_out_scales"), "does not describe its statistics"),
        (lambda t, card: card["read_out_scales"].update(trunk="1"), "does not describe its"),
        (lambda t, card: card["read_out_scales"].update(trunk=-1), "trunk is -1; it must be 0"),
    ],
)
def test_statistics_that_do_not_fit_are_one_sentence(saved: Path, change, sentence: str) -> None:  # type: ignore[no-untyped-def]
    rewrite(saved, change)
    with pytest.raises(ValueError, match=sentence):
        msssl_hear.load_model(str(saved))


@pytest.mark.parametrize("scale", [-0.1, float("nan"), float("inf")])
def test_scales_are_numbers_from_0_on(scale: float) -> None:
    with pytest.raises(ValueError, match=r"scale branch is .*; it must be 0 or more"):
        BlockScales(branch=scale)
