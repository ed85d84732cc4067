"""The pitch branch: who feeds which numbers, in batches, in chunks and in checkpoints."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from msssl_hear.checkpoint import load_checkpoint, save_checkpoint
from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel
from msssl_hear.model import CHUNK_FRAMES, HearModel

BINS = 275
CONFIG = EncoderConfig(size=24, width=0.25, depth=0.2, pitch_numbers=8)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    return Encoder(CONFIG).eval()


@torch.inference_mode()
def test_the_last_numbers_come_from_the_contrast_alone_and_the_first_from_the_log_mel(
    encoder: Encoder,
) -> None:
    mel, other_mel = torch.randn(2, 1, 96, 64)
    contrast, other_contrast = torch.randn(2, 1, 24, BINS)
    first = encoder(mel, contrast=contrast)
    by_mel = encoder(other_mel, contrast=contrast)
    by_contrast = encoder(mel, contrast=other_contrast)
    assert first.shape == (1, 24, 24)
    assert torch.equal(first[..., 16:], by_mel[..., 16:])
    assert torch.equal(first[..., :16], by_contrast[..., :16])
    assert (first[..., :16] != by_mel[..., :16]).all()
    assert (first[..., 16:] != by_contrast[..., 16:]).all()


@torch.inference_mode()
def test_padded_clips_equal_clips_alone(encoder: Encoder) -> None:
    lengths = torch.tensor([1, 33, 97, 160])
    mel, contrast = torch.randn(4, 160, 64), torch.randn(4, 40, BINS)
    padded = encoder(mel, lengths, contrast)
    for clip, length in enumerate(lengths.tolist()):
        frames = -(-length // 4)
        row = slice(clip, clip + 1)
        alone = encoder(mel[row, :length], contrast=contrast[row, :frames])[0]
        torch.testing.assert_close(padded[clip, :frames], alone, atol=2e-5, rtol=1e-4)
        assert (padded[clip, frames:] == 0).all()


def test_without_contrast_it_says_so(encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="needs the spectral contrast"):
        encoder(torch.randn(1, 96, 64))


@pytest.mark.parametrize("numbers", [-1, 24])
def test_something_must_be_left_for_the_log_mel(numbers: int) -> None:
    with pytest.raises(ValueError, match="pitch_numbers"):
        replace(CONFIG, pitch_numbers=numbers)


@pytest.mark.parametrize("read_out", ["paper", "full"])
def test_a_checkpoint_gives_the_same_and_long_audio_is_as_if_in_one_piece(
    encoder: Encoder, tmp_path: Path, read_out: str
) -> None:
    path = tmp_path / "branch.safetensors"
    save_checkpoint(path, LogMel(), encoder, {"read_out": read_out}, torch.float32)
    model = HearModel(*load_checkpoint(path), "branch")
    audio = 0.1 * torch.randn(1, 160 * CHUNK_FRAMES + 16_000)
    with torch.inference_mode():
        long = model.frame_embeddings(audio)
        assert model.log_frequency is not None
        padded = model.log_frequency.pad(audio)
        contrast = model._contrast_of(padded, 0, long.shape[1])
        whole = encoder(model.log_mel(audio), contrast=contrast)
    assert long.shape == (1, CHUNK_FRAMES // 4 + 26, model.timestamp_embedding_size)
    torch.testing.assert_close(long[..., :24], whole, atol=1e-4, rtol=1e-3)


def test_encoders_without_a_branch_draw_the_same_weights_as_before() -> None:
    torch.manual_seed(0)
    without = Encoder(replace(CONFIG, pitch_numbers=0))
    assert not any("branch" in name for name in without.state_dict())
    with_branch = Encoder(CONFIG).state_dict()
    trunk = {name for name in with_branch if not name.startswith("pitch_branch.")}
    assert trunk == without.state_dict().keys()
