"""The long window: frequencies of known tones, levels, time axis."""

import math

import pytest
import torch

from msssl_hear.log_frequency import (
    LogFrequency,
    LogFrequencyConfig,
    hertz,
    spectral_contrast,
    used_blocks,
)


def tone(frequency: float, samples: int = 16_000) -> torch.Tensor:
    return 0.5 * torch.sin(2 * math.pi * frequency * torch.arange(samples) / 16_000)[None]


def test_note_numbers() -> None:
    assert hertz(69) == 440.0 and hertz(60) == pytest.approx(261.6256, abs=1e-4)


@pytest.mark.parametrize("midi", [36.0, 48.0, 60.333333, 69.0, 84.666667, 100.0])
def test_a_tone_peaks_at_its_note(midi: float) -> None:
    log_power = LogFrequency()(tone(hertz(midi)))
    assert log_power.shape == (1, 26, 275)
    assert int(log_power[0, 12].argmax()) == round((midi - 24) * 3)


def test_a_full_scale_sine_has_power_one_where_bins_are_narrow() -> None:
    log_power = LogFrequency()(2 * tone(1000.0))
    # The bin's triangle averages the window's main lobe, so some dB less than 0.
    assert -7 < float(log_power[0, 12].max()) * 10 / math.log(10) < 0.5


def test_frames_are_centred_on_multiples_of_40_ms() -> None:
    audio = torch.zeros(1, 16_000)
    audio[0, 640 * 10] = 1.0
    energy = LogFrequency()(audio).exp().sum(2)[0]
    assert int(energy.argmax()) == 10
    torch.testing.assert_close(energy[8], energy[12], rtol=1e-3, atol=1e-9)


def test_contrast_forgets_level_and_keeps_peaks() -> None:
    log_power = LogFrequency()(tone(440.0) + 1e-4 * torch.randn(1, 16_000))
    contrast = spectral_contrast(log_power, 36)
    torch.testing.assert_close(contrast, spectral_contrast(log_power + 3.0, 36))
    assert int(contrast[0, 12].argmax()) == 135
    row = log_power[0, 12]
    by_hand = (row[135] - row[135 - 18 : 135 + 19].mean()) / 2.0
    torch.testing.assert_close(contrast[0, 12, 135], by_hand)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"win_length": 5000}, "win_length 5000 must lie in 1 ... n_fft 4096"),
        ({"bins_per_semitone": 0}, "bins_per_semitone 0 must be 1 or more"),
        ({"f_max": 9000.0}, "f_max 9000.0 Hz must lie above note 24.0"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LogFrequencyConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("f_max", [6500.0, 36.0])
def test_blocks_leave_out_zeros_alone(f_max: float) -> None:
    front_end = LogFrequency(LogFrequencyConfig(f_max=f_max))
    filters, rest = front_end.filters, front_end.filters.clone()
    for rows, bins in front_end.blocks:
        rest[rows, bins] = 0.0
    assert used_blocks(filters) == front_end.blocks and not rest.any()
    assert sum(filters[block].numel() for block in front_end.blocks) < filters.numel() / 14
    audio = torch.randn(2, 4000)
    frames = front_end.pad(audio).unfold(1, 4096, 640) * front_end.window
    power = torch.fft.rfft(frames).abs().square() @ filters
    torch.testing.assert_close(front_end(audio), torch.log(power + 1e-9))
