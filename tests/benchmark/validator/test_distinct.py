"""Modules that embed different sounds alike, or in values that no head can learn from."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from benchmark.validator import ValidationError
from benchmark.validator.distinct import check_different_sounds, sounds
from benchmark.validator.lengths import check_odd_lengths, lengths
from benchmark.validator.loaded_module import LoadedModule
from benchmark.validator.report import Report
from tests.benchmark.validator.fake_module import (
    FakeModel,
    changed,
    clean_scene,
    clean_timestamps,
    hear_module,
)

Scene = Callable[[Tensor, FakeModel], Tensor]


def checked(module: object, check: Callable[[LoadedModule, Report], None]) -> list[str]:
    report = Report()
    check(LoadedModule(module, FakeModel(), "cpu"), report)
    return report.warnings


def one_vector_where(deaf: Callable[[Tensor], bool]) -> Scene:
    """Embeds a fixed sound instead of each clip for which ``deaf`` is true."""

    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        heard = [torch.full_like(clip, 0.1) if deaf(clip) else clip for clip in audio]
        return clean_scene(torch.stack(heard), model)

    return scene


def test_sounds_are_different_and_of_the_same_peak() -> None:
    made = sounds(16000, 16000)
    assert made.abs().amax(dim=1).tolist() == pytest.approx([0.5] * 4)
    assert torch.corrcoef(made).fill_diagonal_(0).abs().max() < 0.05
    spectrum = torch.fft.rfft(made[2]).abs()
    assert int(spectrum.argmax()) == 440


@pytest.mark.parametrize(
    ("deaf", "words"),
    [
        (lambda clip: True, "of 2.5 s"),
        (lambda clip: len(clip) <= 19200, "of 1.1 s"),
        (lambda clip: len(clip) < 8000, "of 250 ms"),
        (lambda clip: bool(clip.abs().max() < 0.01), "of 1.1 s and -60 dBFS"),
    ],
)
def test_equal_embeddings_fail(deaf: Callable[[Tensor], bool], words: str) -> None:
    module = hear_module(scene=one_vector_where(deaf))
    match = f"get_scene_embeddings gives four different sounds {words} the same embedding"
    with pytest.raises(ValidationError, match=match):
        checked(module, check_different_sounds)


def test_equal_frames_fail() -> None:
    module = hear_module(timestamps=changed(lambda e, t: (torch.ones_like(e), t)))
    with pytest.raises(ValidationError, match="get_timestamp_embeddings gives four different"):
        checked(module, check_different_sounds)


def test_nearly_equal_embeddings_fail() -> None:
    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        return 1000 + 0.01 * clean_scene(audio, model).tanh()

    with pytest.raises(ValidationError, match=r"they differ by .*e-05 of their largest value"):
        checked(hear_module(scene=scene), check_different_sounds)


def test_what_is_shorter_than_hears_clips_only_warns() -> None:
    module = hear_module(scene=one_vector_where(lambda clip: len(clip) < 1600))
    (warning,) = checked(module, check_different_sounds)
    assert "four different sounds of 50 ms the same embedding" in warning


def test_two_equal_embeddings_of_four_warn() -> None:
    """Deaf to tones: a clip whose first and second half have one spectrum."""

    def tone(clip: Tensor) -> bool:
        spectrum = torch.fft.rfft(clip).abs().square()
        return bool(spectrum.sort(descending=True).values[:12].sum() > 0.8 * spectrum.sum())

    warnings = checked(hear_module(scene=one_vector_where(tone)), check_different_sounds)
    assert warnings and all("two of four different sounds" in line for line in warnings)


@pytest.mark.parametrize("factor", [1e30, 1e-30, 1e-42, 0.0])
def test_values_that_no_head_can_learn_from_fail(factor: float) -> None:
    module = hear_module(timestamps=changed(lambda e, t: (e * factor, t)))
    bound = r"above 1e\+17" if factor > 1 else "below 1e-05"
    match = f"largest value that get_timestamp_embeddings returned is .*learn nothing .* {bound}"
    with pytest.raises(ValidationError, match=match):
        checked(module, check_different_sounds)


def test_one_huge_number_among_others_fails() -> None:
    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        embeddings = clean_scene(audio, model)
        embeddings[:, 3] = 1e20
        return embeddings

    with pytest.raises(ValidationError, match=r"largest value .* is 1e\+20"):
        checked(hear_module(scene=scene), check_different_sounds)


@pytest.mark.parametrize("factor", [2e-6, 1e7])
def test_unusual_values_warn(factor: float) -> None:
    module = hear_module(scene=lambda audio, model: clean_scene(audio, model) * factor)
    (warning,) = checked(module, check_different_sounds)
    assert "that of most models is between" in warning


def test_constant_numbers_warn() -> None:
    def mostly_constant(audio: Tensor, model: FakeModel) -> Tensor:
        return torch.cat([clean_scene(audio, model), torch.ones(len(audio), 92)], dim=1)

    warnings = checked(hear_module(scene=mostly_constant), check_different_sounds)
    assert warnings == [
        "92 of 100 numbers that get_scene_embeddings returns are the same for every sound that was "
        "tried."
    ]


def test_a_clean_module_has_no_warning() -> None:
    assert checked(hear_module(), check_different_sounds) == []
    assert checked(hear_module(), check_odd_lengths) == []


def test_lengths_are_multiples_of_no_hop() -> None:
    for rate in (16000, 22050, 32000, 44100, 48000):
        tried = lengths(rate)
        primes = [n for n in tried if all(n % divisor for divisor in range(2, n))]
        assert len(primes) >= 4 and 15_644 in tried
        assert all(0.25 * rate <= n <= 1.5 * rate for n in primes)


def test_blocks_that_the_length_does_not_fill_fail() -> None:
    def scene(audio: Tensor, model: FakeModel) -> Tensor:
        blocks = audio.reshape(len(audio), -1, 4)
        return clean_scene(blocks.flatten(1), model)

    match = r"get_scene_embeddings raised RuntimeError: shape .* \(audio of shape \(2, \d+\)\)"
    with pytest.raises(ValidationError, match=match):
        checked(hear_module(scene=scene), check_odd_lengths)


def test_one_clip_whose_batch_dimension_is_lost_fails() -> None:
    module = hear_module(scene=lambda audio, model: clean_scene(audio, model).squeeze())
    with pytest.raises(ValidationError, match=r"embeddings of shape \(8,\); expected \(1, 8\)"):
        checked(module, check_odd_lengths)


def test_equal_embeddings_of_odd_lengths_fail() -> None:
    module = hear_module(scene=one_vector_where(lambda clip: len(clip) % 2 == 1))
    with pytest.raises(ValidationError, match=r"noise and a tone of \d+ samples the same"):
        checked(module, check_odd_lengths)


def test_one_frame_too_many_for_odd_lengths_fails() -> None:
    """What a run refuses, the validator refuses in the same words."""

    def timestamps(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
        embeddings, times = clean_timestamps(audio, model)
        return embeddings, times + (audio.shape[1] % 2) * 200

    with pytest.raises(ValidationError, match=r"timestamps for clip 0 of .* that end after the cl"):
        checked(hear_module(timestamps=timestamps), check_odd_lengths)
