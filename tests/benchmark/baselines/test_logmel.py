"""Log-mel statistics: long clips in chunks, beside the same in one piece."""

import pytest
import torch

from benchmark.baselines import logmel
from benchmark.embeddings.peak_memory import STATM, PeakMemory

SECOND = 16000


def test_statistics_are_those_of_all_frames():
    model = logmel.load_model()
    audio = torch.rand(3, 5 * SECOND) - 0.5
    log_mel = model.log_mel.log_mel(model.log_mel.power(audio))
    scene = logmel.get_scene_embeddings(audio, model)
    torch.testing.assert_close(scene[:, :64], log_mel.mean(dim=1))
    torch.testing.assert_close(scene[:, 64:], log_mel.std(dim=1, correction=0))
    frames, times = logmel.get_timestamp_embeddings(audio, model)
    at = 40
    assert times[0, at] == 40 * at
    around = log_mel[:, 4 * at - 6 : 4 * at + 7]
    torch.testing.assert_close(frames[:, at, :64], around.mean(dim=1))
    assert len(frames[0]) == 126


@pytest.mark.parametrize("samples", [1, 159, SECOND, 3 * SECOND + 7])
@pytest.mark.parametrize("chunk", [1, 7, 200, 301])
def test_chunks_are_the_whole(samples: int, chunk: int, monkeypatch: pytest.MonkeyPatch):
    model = logmel.load_model()
    audio = torch.rand(2, samples) - 0.5
    whole = model.log_mel.log_mel(model.log_mel.power(audio))
    monkeypatch.setattr(logmel, "CHUNK_FRAMES", chunk)
    torch.testing.assert_close(model(audio), whole, rtol=0, atol=1e-5)


@pytest.mark.skipif(not STATM.exists(), reason="peak memory is measured on Linux")
def test_a_long_clip_takes_little_beside_itself():
    model = logmel.load_model()
    audio = torch.rand(1, 600 * SECOND)
    with PeakMemory(torch.nn.Identity(), "cpu") as memory:
        logmel.get_scene_embeddings(audio, model)
    # In one piece, the complex spectrum alone takes 123 MB, and 380 MB with what is made of it.
    assert memory.bytes is not None
    assert memory.bytes < 220e6
