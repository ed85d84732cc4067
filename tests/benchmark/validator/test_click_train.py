"""Shifted, stretched and drifting time axes against clean ones of many shapes."""

import re

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.validator import ValidationError
from benchmark.validator.click_train import (
    REACH,
    check_click_train,
    click_times,
    clips_without_and_with_clicks,
    lag_line,
)
from benchmark.validator.loaded_module import LoadedModule
from benchmark.validator.report import Report
from tests.benchmark.validator.fake_module import (
    SIZE,
    FakeModel,
    changed,
    clean_timestamps,
    hear_module,
)


def test_clicks_are_where_they_are_said_to_be() -> None:
    without, clicked = clips_without_and_with_clicks(16000)
    energy = (clicked - without)[0].double().square()
    samples = torch.arange(energy.numel(), dtype=torch.float64)
    for centre in click_times():
        around = slice(round(centre * 16) - 800, round(centre * 16) + 800)
        found = (energy[around] * samples[around]).sum() / energy[around].sum() / 16
        assert abs(float(found) - centre) < 0.1  # ms
    assert np.diff(click_times()).min() >= 2 * REACH
    assert clicked.abs().max() <= 1


@pytest.mark.parametrize("width", [20.0, 300.0, 1000.0])
@pytest.mark.parametrize("shift", [0.0, -200.0, 130.0])
def test_lag_of_a_symmetric_response(width: float, shift: float) -> None:
    times = np.arange(0.0, 60000.0, 20.0)
    distance = np.abs(times[:, None] - shift - click_times()[None, :]).min(axis=1)
    change = 0.3 + np.maximum(0.0, 1 - distance / (width / 2 + 10))
    line = lag_line(times, change)
    assert line is not None
    assert line == pytest.approx((shift, shift), abs=5)


def test_lag_of_timestamps_that_end_early() -> None:
    times = np.arange(0.0, 10000.0, 20.0)
    change = (np.abs(times[:, None] - click_times()[None, :]).min(axis=1) < 50).astype(float)
    assert lag_line(times, change) == pytest.approx((0, 0), abs=5)


def test_no_lag_where_the_clicks_leave_no_mark() -> None:
    times = np.arange(0.0, 60000.0, 20.0)
    assert lag_line(times, np.ones_like(times)) is None
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(1.0, 0.1, len(times))
        assert lag_line(times, noise) is None


@pytest.mark.parametrize(("hop", "window"), [(10, 25), (20, 25), (20, 400), (160, 320)])
def test_centred_frames_pass(hop: float, window: float, warnings_of) -> None:
    assert not [w for w in warnings_of(hear_module(FakeModel(hop, window))) if "click" in w]


def coarse(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
    """Frames of 320 ms repeated every 20 ms, as a pooling network's are."""
    frames = FakeModel(320, 400).frames(audio)
    nearest = (torch.arange(1 + audio.shape[1] // 320) * 20 + 160) // 320
    embeddings = frames[:, nearest.clamp(max=frames.shape[1] - 1)]
    return embeddings, model.timestamps(embeddings)


def causal(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
    """A leaky integrator with a memory of 200 ms, as a recurrent network's is."""
    frames, times = clean_timestamps(audio, model)
    state, states = torch.zeros_like(frames[:, 0]), []
    for i in range(frames.shape[1]):
        state = 0.9 * state + 0.1 * frames[:, i]
        states.append(state)
    return torch.stack(states, dim=1), times


def peak_normalised(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
    peak = audio.abs().amax(dim=1, keepdim=True)
    return clean_timestamps(audio / (peak + 1e-8), model)


def standardised(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
    frames, times = clean_timestamps(audio, model)
    deviation, mean = torch.std_mean(frames, dim=1, correction=0, keepdim=True)
    return (frames - mean) / (deviation + 1e-3), times


@pytest.mark.parametrize("timestamps", [coarse, causal, peak_normalised, standardised])
def test_other_honest_models_pass(timestamps, warnings_of) -> None:
    warnings_of(hear_module(FakeModel(20, 25), timestamps))


@pytest.mark.parametrize(("shift", "word"), [(200, "after"), (-200, "before")])
@pytest.mark.parametrize("window", [25, 400])
def test_a_shifted_axis_fails(shift: int, word: str, window: float, warnings_of) -> None:
    frames = max(0, shift // 20)

    def shifted(embeddings: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        inside = slice(0, max(1, times.shape[1] - frames))
        return embeddings[:, inside], times[:, inside] + shift

    module = hear_module(FakeModel(20, window), changed(shifted))
    with pytest.raises(ValidationError, match=f"axis is shifted: .* 20[0-9] ms {word} each click"):
        warnings_of(module)


def test_a_shift_within_the_collar_warns(warnings_of) -> None:
    warnings = warnings_of(hear_module(FakeModel(20, 25), changed(lambda e, t: (e, t - 40))))
    assert any("embeddings change 40 ms from the clicks" in line for line in warnings)
    assert "Your timestamps begin at -40.0ms, before the audio does." in warnings


def test_an_axis_stretched_to_the_clip_fails(warnings_of) -> None:
    def stretched(audio: Tensor, model: FakeModel) -> tuple[Tensor, Tensor]:
        """Windows of 400 ms that stay inside the audio, their times spread over all of it."""
        window = min(6400, audio.shape[1])
        windows = audio.unfold(1, window, 320) * torch.hann_window(window)
        power = torch.fft.rfft(windows, n=6400).abs().square()[..., 1:]
        embeddings = torch.log(power.unflatten(-1, (SIZE, -1)).mean(-1) + 1e-6)
        end = audio.shape[1] / 16
        times = torch.linspace(0, end, embeddings.shape[1])
        return embeddings, times.repeat(len(audio), 1)

    with pytest.raises(ValidationError, match=r"axis drifts: .* -1\d\d ms .* \+1\d\d ms late"):
        warnings_of(hear_module(FakeModel(20, 25), stretched))


def test_a_drifting_axis_fails(warnings_of) -> None:
    module = hear_module(FakeModel(20, 25), changed(lambda e, t: (e, 0.998 * t)))
    with pytest.raises(ValidationError, match=r"axis drifts: .* late in it"):
        warnings_of(module)


def test_a_hop_rounded_down_runs_past_a_minute(warnings_of) -> None:
    """25 ms at 44.1 kHz are 1102.5 samples: frames every 1102, counted as 25 ms each."""
    model = FakeModel(25, 50)
    model.sample_rate, model.hop, model.window = 44100, 1102, 2208
    end = re.escape("Your timestamps end at 60025.0ms, but the audio is 60000.0 ms.")
    with pytest.raises(ValidationError, match=end):
        warnings_of(hear_module(model))


def test_an_embedding_of_the_whole_clip_cannot_be_checked(warnings_of) -> None:
    def smeared(embeddings: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
        return embeddings.mean(1, keepdim=True).expand_as(embeddings), times

    warnings = warnings_of(hear_module(timestamps=changed(smeared)))
    assert any("leave no mark" in line for line in warnings)


def test_a_slow_module_gets_an_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    """Two minutes of audio at a tenth of their time."""
    report = Report()
    report.seconds_per_second = 0.1
    check_click_train(LoadedModule(hear_module(), FakeModel(), "cpu"), report)
    assert "click train of 60.0 s (about 12 s)\n" in capsys.readouterr().out
    report.seconds_per_second = 5.0
    assert report.estimate(120) == "about 10 min"
