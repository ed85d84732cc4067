"""PANNs embeddings: chunks, batches, lengths, timestamps."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmark.baselines import panns
from benchmark.baselines.panns import frames
from benchmark.baselines.panns.cnn import ARCHITECTURES, CNN6, CNN14, Architecture, Panns
from tests.benchmark.baselines.panns_models import LIKE_CNN6, LIKE_CNN14, noise, randomised

MODELS = {a.name: randomised(a) for a in (LIKE_CNN14, LIKE_CNN6)}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Panns:
    return MODELS[request.param]


def in_one_piece(model: Panns, audio: Tensor) -> Tensor:
    with torch.no_grad():
        return model.convolve(model.normalise(model.log_mel_of_padded(model.pad(audio))))


@pytest.mark.parametrize("samples", [16_000, 40_959, 163_840, 300_001])
def test_chunks_equal_the_whole(
    model: Panns, samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = noise(2, samples)
    whole = in_one_piece(model, audio)
    monkeypatch.setattr(frames, "PASS_FRAMES", 320)
    with torch.no_grad():
        chunked = frames.clip_cells(model, audio)
    assert whole.shape[1] == 1 or whole.std(dim=1).mean() > 0.01
    torch.testing.assert_close(chunked, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", [LIKE_CNN14, LIKE_CNN6])
def test_reach_is_that_of_the_network(architecture: Architecture) -> None:
    network = randomised(architecture)
    log_mel = (20 * noise(64, 1024) - 30).T[None].clone().requires_grad_()
    cells = network.convolve(network.normalise(log_mel))
    middle = cells.shape[1] // 2
    cells[0, middle].sum().backward()
    assert log_mel.grad is not None
    gradient = log_mel.grad.abs().sum((0, 2))
    seen = (gradient > 1e-6 * gradient.max()).nonzero().flatten()
    first, end = middle * architecture.stride, (middle + 1) * architecture.stride
    # Shut ReLUs may hide the outermost frames.
    assert first - architecture.reach <= seen[0] <= first - 0.8 * architecture.reach
    assert end + 0.8 * architecture.reach <= seen[-1] + 1 <= end + architecture.reach


@pytest.mark.parametrize("name, reach", [("cnn14", 126), ("cnn6", 30)])
def test_reach_of_the_published_networks(name: str, reach: int) -> None:
    assert {a.reach for a in ARCHITECTURES if a.name.startswith(name)} == {reach}
    assert (CNN14.stride, CNN6.stride) == (32, 16)


def test_passes_stay_within_the_bound() -> None:
    for architecture in ARCHITECTURES:
        for count in (101, 4096, 4097, 120_001):
            plan = list(frames.chunks(architecture, count))
            assert max(end - start for start, end, _, _ in plan) <= frames.PASS_FRAMES
            assert sum(kept for _, _, _, kept in plan) == count // architecture.stride


def test_a_clip_does_not_depend_on_its_batch(model: Panns) -> None:
    audio = noise(9, 24_000)
    together = panns.get_scene_embeddings(audio, model)
    frames_together, _ = panns.get_timestamp_embeddings(audio, model)
    for clip in range(len(audio)):
        alone = audio[clip : clip + 1]
        torch.testing.assert_close(
            panns.get_scene_embeddings(alone, model)[0], together[clip], rtol=1e-5, atol=1e-5
        )
        torch.testing.assert_close(
            panns.get_timestamp_embeddings(alone, model)[0][0],
            frames_together[clip],
            rtol=1e-5,
            atol=1e-5,
        )


@pytest.mark.parametrize("samples", [1, 2, 639, 640, 641, 15_999, 16_000, 17_120, 160_000])
def test_timestamps_are_regular_and_cover_the_clip(model: Panns, samples: int) -> None:
    embeddings, times = panns.get_timestamp_embeddings(noise(2, samples), model)
    assert embeddings.shape == (2, times.shape[1], 8)
    assert embeddings.dtype == times.dtype == torch.float32
    assert times[0, 0] == 0
    assert torch.all(times.diff() == 40)
    duration = samples / 16
    assert duration - 40 < times[0, -1] <= duration
    assert torch.equal(times[0], times[1])


def test_scene_embedding_of_a_single_sample_is_finite(model: Panns) -> None:
    scene = panns.get_scene_embeddings(noise(1, 1), model)
    assert scene.shape == (1, 8)
    assert torch.isfinite(scene).all()


def test_clips_under_a_second_are_filled_up_with_silence(model: Panns) -> None:
    audio = noise(1, 3_000)
    filled = nn.functional.pad(audio, (0, 13_000))
    torch.testing.assert_close(
        panns.get_scene_embeddings(audio, model), panns.get_scene_embeddings(filled, model)
    )


def test_frames_repeat_the_cell_that_covers_them(model: Panns) -> None:
    audio = noise(1, 32_000)
    cells = in_one_piece(model, audio)[0]
    embeddings, times = panns.get_timestamp_embeddings(audio, model)
    for embedding, time in zip(embeddings[0], times[0].tolist(), strict=True):
        cell = min(int(time) // (10 * model.architecture.stride), len(cells) - 1)
        torch.testing.assert_close(embedding, cells[cell])


def test_clicks_are_where_they_were_put() -> None:
    """Steps of 160 ms place a click to 80 ms at best, but must not be shifted on average."""
    network = randomised(LIKE_CNN6)
    times_of_clicks = np.arange(400, 9600, 370)  # ms, at all phases of the 160 ms cells
    errors = []
    for click in times_of_clicks:
        audio = torch.zeros(1, 160_000)
        audio[0, click * 16] = 1.0
        silent = panns.get_timestamp_embeddings(torch.zeros_like(audio), network)[0]
        embeddings, times = panns.get_timestamp_embeddings(audio, network)
        change = (embeddings - silent)[0].norm(dim=1)
        errors.append(float((change * times[0]).sum() / change.sum()) - click)
    assert np.abs(errors).max() < 100
    assert abs(np.mean(errors)) < 40


def test_scene_embedding_is_max_plus_mean_then_fc1(model: Panns) -> None:
    audio = noise(1, 48_000)
    cells = in_one_piece(model, audio)[0].double().numpy()
    weight, bias = (p.detach().double().numpy() for p in (model.fc1.weight, model.fc1.bias))
    expected = np.maximum((cells.max(0) + cells.mean(0)) @ weight.T + bias, 0.0)
    scene = panns.get_scene_embeddings(audio, model)[0].numpy()
    np.testing.assert_allclose(scene, expected, rtol=1e-4, atol=1e-4)
