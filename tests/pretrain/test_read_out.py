"""Fitted statistics make the corpus's own embeddings standard numbers."""

from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
import torch
from click.testing import CliRunner

import msssl_hear
from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel, LogMelConfig
from msssl_hear.model import HearModel
from msssl_hear.read_out_statistics import BlockScales
from pretrain.cli import main
from pretrain.data.corpus import Corpus, to_float
from pretrain.read_out import SMALLEST, Moments, fit_statistics, scales_of

CONFIG = EncoderConfig(size=24, width=0.25, depth=0.2, pitch_numbers=8)
SCALES = BlockScales(trunk=1.0, branch=0.5, log_mel=0.25, contrast=0.125)


def test_embeddings_of_the_corpus_have_mean_0_and_their_blocks_scale(tiny_corpus: Corpus) -> None:
    torch.manual_seed(0)
    log_mel, encoder = LogMel(), Encoder(CONFIG)
    encoder.train()
    statistics = fit_statistics(log_mel, encoder, tiny_corpus, 0, SCALES)
    assert encoder.training
    model = HearModel(log_mel, encoder, {}, "mine", "scaled", statistics)
    clips = [to_float(tiny_corpus.clip(index))[None] for index in range(len(tiny_corpus))]
    with torch.inference_mode():
        scenes = torch.cat([model.scene_embeddings(clip) for clip in clips])
        frames = torch.cat([model.frame_embeddings(clip)[0] for clip in clips])
    for found in (scenes, frames):
        assert found.mean(dim=0).abs().max() < 1e-3
        largest = found.std(dim=0, correction=0)
        blocks = largest[:16], largest[16:24], largest[24:88], largest[-275:]
        for block, scale in zip(blocks, (1.0, 0.5, 0.25, 0.125), strict=True):
            assert float(block.max()) == pytest.approx(scale, rel=1e-3)


def test_what_hardly_moves_is_not_blown_up() -> None:
    moments = Moments()
    moments.add(torch.tensor([[0.0, 5.0, 0.0, 2.0], [2.0, 5.0, 1e-6, 2.0]]))
    moments.add(torch.tensor([[1.0, 5.0, 0.0, 2.0]]))
    mean, std = moments.mean_and_std([2, 1, 1])
    torch.testing.assert_close(mean, torch.tensor([1.0, 5.0, 1e-6 / 3, 2.0]))
    one = (2 / 3) ** 0.5
    torch.testing.assert_close(std[:2], torch.tensor([one, SMALLEST * one / 2**0.5]))
    assert float(std[3]) == 1.0


def test_front_ends_that_do_not_fit_are_refused(tiny_corpus: Corpus) -> None:
    log_mel = LogMel(LogMelConfig(hop_length=80))
    with pytest.raises(ValueError, match="needs a log-mel of 16000 Hz with a hop of 160"):
        fit_statistics(log_mel, Encoder(CONFIG), tiny_corpus, 0, SCALES)


def test_scales_as_a_user_gives_them() -> None:
    config = replace(CONFIG, pitch_scale=0.2)
    assert scales_of([], config) == BlockScales(branch=0.2)
    given = scales_of(["log_mel=.2", "contrast=0.1", "branch=.5"], config)
    assert given == BlockScales(branch=0.5, log_mel=0.2, contrast=0.1)
    for word, sentence in [("mel=1", "the blocks are trunk"), ("trunk=x", "'x' is no number")]:
        with pytest.raises(ValueError, match=sentence):
            scales_of([word], config)


def test_the_command_fits_weights_that_are_there(tiny_corpus: Corpus, tmp_path: Path) -> None:
    from msssl_hear.checkpoint import save_checkpoint

    weights, audio = tmp_path / "mine.safetensors", tmp_path / "audio"
    audio.mkdir()
    for index in range(3):
        soundfile.write(audio / f"{index}.wav", tiny_corpus.clip(index).numpy(), 16_000)
    save_checkpoint(weights, LogMel(), Encoder(CONFIG), {"read_out": "paper"})
    words = ["read-out", str(weights), "--data", str(audio), "--scale", "contrast=0.2"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0 and "427 numbers" in done.output.replace("\n", " "), done.output
    assert msssl_hear.load_model(str(weights)).read_out == "paper"
    scaled = msssl_hear.load_model(f"{weights}:scaled")
    assert scaled.statistics is not None and scaled.statistics.scales.contrast == 0.2
    assert CliRunner().invoke(main, [*words, "--default"]).exit_code == 0
    assert msssl_hear.load_model(str(weights)).read_out == "scaled"
    wrong = CliRunner().invoke(main, ["read-out", str(weights), "--data", str(tmp_path / "no")])
    assert wrong.exit_code == 1 and "Error: " in wrong.output
