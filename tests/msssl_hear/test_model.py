"""The HEAR model: lengths, chunks, batch mates, time axis, refusals."""

import pytest
import torch

import msssl_hear
from msssl_hear import model as model_file
from msssl_hear.encoder import Encoder, EncoderConfig
from msssl_hear.log_mel import LogMel
from msssl_hear.model import HearModel


@pytest.fixture(scope="module", params=["max_mean", "full"])
def model(request):
    torch.manual_seed(0)
    log_mel = LogMel()
    log_mel.mean.fill_(-8.0)
    log_mel.std.fill_(4.0)
    encoder = Encoder(EncoderConfig(width=0.5, depth=0.5, size=32))
    return HearModel(log_mel, encoder, {"read_out": request.param}, "small")


@pytest.mark.parametrize("samples", [1, 100, 639, 640, 641, 16_000, 100_001])
def test_shapes_and_timestamps_at_any_length(model, samples):
    audio = torch.randn(2, samples) * 0.1
    with torch.inference_mode():
        scene = msssl_hear.get_scene_embeddings(audio, model)
        embeddings, timestamps = msssl_hear.get_timestamp_embeddings(audio, model)
    assert scene.shape == (2, model.scene_embedding_size)
    assert embeddings.shape == (*timestamps.shape, model.timestamp_embedding_size)
    assert scene.dtype == embeddings.dtype == timestamps.dtype == torch.float32
    assert scene.isfinite().all() and embeddings.isfinite().all()
    duration = samples / 16
    assert timestamps[0, 0] == 0.0
    assert duration - 40 < timestamps[0, -1] <= duration


def test_chunked_equals_whole(model, monkeypatch):
    audio = torch.randn(1, 16_000 * 70, generator=torch.Generator().manual_seed(3)) * 0.1
    with torch.inference_mode():
        chunked = model.frame_embeddings(audio)
        monkeypatch.setattr(model_file, "CHUNK_FRAMES", 32 * 1000)
        whole = model.frame_embeddings(audio)
    assert chunked.shape == whole.shape
    error = (chunked - whole).norm(dim=2) / whole.norm(dim=2)
    assert error.max() < 1e-4


def test_batch_mates_do_not_matter(model):
    audio = torch.randn(5, 12_345) * 0.1
    with torch.inference_mode():
        together = model.scene_embeddings(audio)
        alone = torch.cat([model.scene_embeddings(clip[None]) for clip in audio])
    torch.testing.assert_close(together, alone, atol=2e-5, rtol=1e-4)


def test_timestamps_do_not_drift_over_20_minutes(model):
    timestamps = model.timestamps(30_001).double()
    assert timestamps[-1] == 1_200_000.0
    assert (timestamps.diff() == 40.0).all()


@pytest.mark.parametrize("second", [0.5, 31.0, 45.3])
def test_a_click_appears_at_its_time(model, second):
    """Also behind chunk borders: the embeddings change most where the click is."""
    audio = torch.randn(1, 16_000 * 50, generator=torch.Generator().manual_seed(4)) * 1e-3
    clicked = audio.clone()
    clicked[0, int(second * 16_000)] = 1.0
    with torch.inference_mode():
        change = model.frame_embeddings(clicked) - model.frame_embeddings(audio)
    timestamps = model.timestamps(change.shape[1])
    peak = timestamps[change.norm(dim=2)[0].argmax()].item()
    assert abs(peak - 1000 * second) <= 40


@pytest.mark.parametrize(
    ("audio", "message"),
    [
        (torch.zeros(16_000), r"shape \(batch, samples\)"),
        (torch.zeros(2, 1, 16_000), r"shape \(batch, samples\)"),
        (torch.zeros(1, 100, dtype=torch.int16), "floating point"),
        (torch.zeros(1, 0), "empty"),
        (torch.tensor([[0.0, 0.0], [0.0, float("nan")]]), "clip 1 of the batch has NaN"),
        (torch.tensor([[0.0, float("-inf")]]), "clip 0 of the batch has NaN or infinite"),
        (torch.full((1, 10), 1e30), "must lie in"),
    ],
)
def test_bad_audio_is_refused_by_name(model, audio, message):
    with pytest.raises(ValueError, match=message):
        model.scene_embeddings(audio)


def test_whole_numbers_as_floats_are_warned_of(model):
    with pytest.warns(UserWarning, match=r"clip 1 .* divide 16-bit numbers by 32768"):
        model.scene_embeddings(torch.tensor([[0.0, 1.0], [0.0, -20_000.0]]))


def test_unknown_weights_are_named():
    with pytest.raises(FileNotFoundError, match="'mulit' is neither a file nor one of the known"):
        msssl_hear.load_model("mulit")
    with pytest.raises(FileNotFoundError, match="read-out, :paper, :max_mean, :full"):
        msssl_hear.load_model("multi:ful")


def test_the_read_out_is_the_callers_then_the_cards_then_max_and_mean():
    small = EncoderConfig(width=0.5, depth=0.5, size=32)

    def size(card, read_out=None):
        model = HearModel(LogMel(), Encoder(small), card, "small", read_out)
        embedding = model.scene_embeddings(torch.zeros(1, 100))
        assert embedding.shape == (1, model.scene_embedding_size)
        return embedding.shape[1]

    assert size({}) == 64
    assert size({"read_out": "full"}) == 3 * 32 + 2 * (64 + 275)
    assert size({"read_out": "full"}, "paper") == 32


def test_the_paper_read_out_is_asked_for_behind_the_name():
    model = msssl_hear.load_model("cola:paper")
    assert (model.row_label, model.scene_embedding_size) == ("cola:paper", 512)
