"""Laws of the HEAR functions, of our module and the bundled baselines, on audio of any kind."""

import importlib
from functools import cache

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

MODULES = (
    "msssl_hear",
    "benchmark.baselines.cola",
    "benchmark.baselines.logmel",
    "benchmark.baselines.random",
    "benchmark.baselines.panns",
)
pytestmark = pytest.mark.filterwarnings("ignore:clip . of the batch has a sample of")
LAWS = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))

lengths = st.one_of(
    st.sampled_from([1, 2, 159, 160, 161, 399, 400, 639, 640, 641, 5119, 5120, 5121]),
    st.integers(1, 24_000),
)
amplitudes = st.sampled_from([0.0, 1e-30, 1e-6, 1e-3, 0.1, 1.0, 10.0, 1e3])


@cache
def loaded(module: str) -> nn.Module:
    return importlib.import_module(module).load_model().eval()


def clips(seed: int, number: int, samples: int, amplitude: float, offset: float) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return amplitude * (torch.randn(number, samples, generator=generator) + offset)


def embed(module: str, audio: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scene embeddings, timestamp embeddings and timestamps."""
    hear, model = importlib.import_module(module), loaded(module)
    with torch.inference_mode():
        scene = hear.get_scene_embeddings(audio, model)
        return scene, *hear.get_timestamp_embeddings(audio, model)


def assert_close(one: Tensor, other: Tensor) -> None:
    """Equal up to rounding, relative to the norm of an embedding."""
    assert one.shape == other.shape
    error = (one - other).norm(dim=-1)
    assert (error <= 1e-3 * other.norm(dim=-1) + 1e-4).all(), error.max()


@pytest.mark.parametrize("module", MODULES)
@LAWS
@given(
    seed=st.integers(0, 2**31),
    number=st.integers(1, 3),
    samples=lengths,
    amplitude=amplitudes,
    offset=st.sampled_from([0.0, 0.5, -1.0]),
)
def test_shapes_types_values_and_times(
    module: str, seed: int, number: int, samples: int, amplitude: float, offset: float
) -> None:
    model = loaded(module)
    scene, frames, times = embed(module, clips(seed, number, samples, amplitude, offset))
    assert scene.shape == (number, model.scene_embedding_size)
    assert frames.shape == (*times.shape, model.timestamp_embedding_size)
    assert scene.dtype == frames.dtype == times.dtype == torch.float32
    assert scene.isfinite().all() and frames.isfinite().all() and times.isfinite().all()
    # Milliseconds: equal for all clips, rising by one step, inside the clip or half a step beyond.
    assert len(times) == number and times.shape[1] >= 1
    assert torch.equal(times, times[:1].expand_as(times))
    steps = times[0].double().diff()
    assert (steps > 0).all()
    if len(steps):
        assert (steps - steps[0]).abs().max() < 0.01
    step = steps[0].item() if len(steps) else 1000.0
    assert 0 <= times[0, 0] <= step
    assert times[0, -1] <= 1000 * samples / model.sample_rate + step


@pytest.mark.parametrize("module", MODULES)
@LAWS
@given(seed=st.integers(0, 2**31), number=st.integers(2, 4), samples=lengths, amplitude=amplitudes)
def test_batch_mates_and_their_order_do_not_matter(
    module: str, seed: int, number: int, samples: int, amplitude: float
) -> None:
    audio = clips(seed, number, samples, 0.1, 0.0)
    audio[-1] *= 10 * amplitude  # a mate much louder, or silent
    together = embed(module, audio)
    alone = [embed(module, clip[None]) for clip in audio]
    backwards = embed(module, audio.flip(0))
    for index, values in enumerate(together):
        assert_close(torch.cat([one[index] for one in alone]), values)
        assert_close(backwards[index].flip(0), values)


@pytest.mark.parametrize("module", MODULES)
def test_the_same_audio_gives_the_same_bits(module: str) -> None:
    audio = clips(1, 2, 12_345, 0.1, 0.0)
    kept = audio.clone()
    first, second = embed(module, audio), embed(module, audio)
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))
    assert torch.equal(audio, kept)


@settings(LAWS, max_examples=4)
@given(seed=st.integers(0, 2**31), samples=st.integers(16_000, 64_000), chunks=st.integers(1, 4))
def test_chunks_do_not_matter(seed: int, samples: int, chunks: int) -> None:
    from msssl_hear import model as model_file

    audio = clips(seed, 1, samples, 0.1, 0.0)
    whole = embed("msssl_hear", audio)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_file, "CHUNK_FRAMES", chunks * model_file.COARSEST_STRIDE)
        chunked = embed("msssl_hear", audio)
    for one, other in zip(chunked, whole, strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("module", ["msssl_hear", "benchmark.baselines.cola"])
@LAWS
@given(value=st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e30]), place=lengths)
def test_a_sample_that_is_none_is_refused_with_its_clip(
    module: str, value: float, place: int
) -> None:
    audio = clips(0, 3, 24_000, 0.1, 0.0)
    audio[1, place - 1] = value
    with pytest.raises(ValueError, match="clip 1 of the batch"):
        embed(module, audio)
