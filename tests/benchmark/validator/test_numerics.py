"""Embeddings that are not finite, not repeatable, or depend on the batch."""

import pytest
import torch
from torch import Tensor, nn

from benchmark.validator import ValidationError
from tests.benchmark.validator.fake_module import (
    FakeModel,
    changed,
    clean_scene,
    clean_timestamps,
    hear_module,
)


def without_guard(audio: Tensor, model: FakeModel) -> Tensor:
    """Divides by the clip's peak, which silence does not have."""
    return clean_scene(audio, model) / audio.abs().amax(dim=1, keepdim=True)


def test_nan_in_silence_fails(warnings_of) -> None:
    match = "get_scene_embeddings returned 16 NaN or infinite .* for silence"
    with pytest.raises(ValidationError, match=match):
        warnings_of(hear_module(scene=without_guard))


def raising_below(samples: int):
    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        if audio.shape[1] < samples:
            raise ValueError("the audio is\ntoo short")
        return clean_scene(audio, model)

    return scene


def test_raising_for_a_quarter_second_fails_in_one_line(warnings_of) -> None:
    module = hear_module(scene=raising_below(8000))
    with pytest.raises(ValidationError) as failure:
        warnings_of(module)
    assert str(failure.value) == (
        "get_scene_embeddings raised ValueError: the audio is too short (audio of shape (2, 4000))"
    )


def test_timestamps_past_a_short_clip_fail(warnings_of) -> None:
    def padded_to_a_second(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
        return clean_timestamps(
            nn.functional.pad(audio, (0, max(0, 16000 - audio.shape[1]))), model
        )

    match = r"Your timestamps end at 1000.0ms, but the audio is 250.0 ms\."
    with pytest.raises(ValidationError, match=match):
        warnings_of(hear_module(timestamps=padded_to_a_second))


def test_raising_for_ten_milliseconds_warns(warnings_of) -> None:
    warnings = warnings_of(hear_module(scene=raising_below(400)))
    assert [line.split(":")[0] for line in warnings] == [
        "Clips of 160 sample(s) have no embedding",
        "Clips of 1 sample(s) have no embedding",
    ]


@pytest.mark.filterwarnings("ignore:.*degrees of freedom:UserWarning")
def test_nan_for_one_sample_fails(warnings_of) -> None:
    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        """One number has no standard deviation."""
        return clean_scene(audio, model) + audio.std(dim=1, keepdim=True)

    with pytest.raises(ValidationError, match=r"NaN .* for noise of 1 sample\(s\)"):
        warnings_of(hear_module(scene=scene))


def test_dropout_left_on_fails(warnings_of) -> None:
    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        return nn.functional.dropout(clean_scene(audio, model), 0.1, training=True)

    with pytest.raises(ValidationError, match=r"Two calls of get_scene_embeddings .* model.eval"):
        warnings_of(hear_module(scene=scene))


@pytest.mark.parametrize("dimension", [0, (0, 1)])
def test_normalising_over_the_batch_fails(dimension, warnings_of) -> None:
    def standardise(embeddings: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        return embeddings - embeddings.mean(dimension, keepdim=True), times

    match = "get_timestamp_embeddings gives a clip other embeddings alone than beside"
    with pytest.raises(ValidationError, match=match):
        warnings_of(hear_module(timestamps=changed(standardise)))


def test_float_noise_passes(warnings_of) -> None:
    def noisy(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
        embeddings, times = clean_timestamps(audio, model)
        return embeddings * (1 + 1e-5 * torch.randn_like(embeddings)), times

    assert warnings_of(hear_module(timestamps=noisy)) == []
