"""The front end against numpy, a loop over filters, and signals whose spectrum is known."""

import math

import numpy as np
import pytest
import torch

from msssl_hear.log_mel import LogMel, LogMelConfig, mel_filterbank

CONFIG = LogMelConfig()


def to_mel(hertz: float) -> float:
    return 2595.0 * math.log10(1.0 + hertz / 700.0)


def to_hertz(mel: float) -> float:
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


def test_filterbank_equals_a_loop_over_triangles():
    frequencies = torch.linspace(0, 8000, 257, dtype=torch.float64)
    weights = mel_filterbank(frequencies, 64, 60.0, 6500.0)
    low, high = to_mel(60.0), to_mel(6500.0)
    edges = [to_hertz(low + (high - low) * i / 65) for i in range(66)]
    for band in range(64):
        lower, centre, upper = edges[band : band + 3]
        for index, f in enumerate(frequencies.tolist()):
            expected = 0.0
            if lower < f <= centre:
                expected = (f - lower) / (centre - lower)
            elif centre < f < upper:
                expected = (upper - f) / (upper - centre)
            assert weights[index, band].item() == pytest.approx(expected, abs=1e-9)


def test_no_filter_is_empty():
    assert (LogMel().filterbank.sum(dim=0) > 0).all()


def test_power_equals_numpy_frame_by_frame():
    rng = np.random.default_rng(0)
    audio = rng.uniform(-1, 1, 1234)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    window = np.pad(window, 56)
    padded = np.pad(audio, 256)
    expected = [
        np.abs(np.fft.rfft(window * padded[start : start + 512])) ** 2 / np.sum(window**2)
        for start in range(0, len(padded) - 511, 160)
    ]
    power = LogMel().power(torch.from_numpy(audio).float()[None])[0]
    assert power.shape == (1 + 1234 // 160, 257)
    np.testing.assert_allclose(power.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_white_noise_has_its_variance_in_every_bin():
    noise = torch.randn(1, 160_000, generator=torch.Generator().manual_seed(0)) * 0.1
    power = LogMel().power(noise)[0, 2:-2].mean(dim=0)
    assert power[1:-1].mean().item() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("frequency", [110.0, 440.0, 1760.0, 6000.0])
def test_a_tone_peaks_in_the_band_nearest_to_it(frequency):
    time = torch.arange(16_000) / 16_000
    frames = LogMel()(torch.sin(2 * torch.pi * frequency * time)[None])[0]
    band = int(frames[50].argmax())
    low, high = to_mel(60.0), to_mel(6500.0)
    expected = (to_mel(frequency) - low) / (high - low) * 65 - 1
    assert abs(band - expected) <= 1.0


def test_frames_are_centred_on_multiples_of_the_hop():
    audio = torch.zeros(1, 16_000)
    audio[0, 50 * 160] = 1.0
    power = LogMel().power(audio)[0].sum(dim=1)
    assert int(power.argmax()) == 50
    torch.testing.assert_close(power[49], power[51])


@pytest.mark.parametrize("samples", [1, 159, 160, 161, 16_000])
def test_frame_count(samples):
    log_mel = LogMel()
    assert log_mel(torch.zeros(2, samples)).shape == (2, log_mel.frame_count(samples), 64)


def test_shifted_filters_equal_filters_of_the_shifted_tone():
    """A tone at f seen through filters at 1.1 f is the tone at 1.1 f seen through the filters."""
    log_mel = LogMel()
    time = torch.arange(16_000) / 16_000
    tone, shifted = (torch.sin(2 * torch.pi * f * time)[None] for f in (1000.0, 1100.0))
    filters = mel_filterbank(log_mel.bin_frequencies() * 1.1, 64, 60.0, 6500.0).float()
    through = log_mel.log_mel(log_mel.power(tone), filters)[0, 50]
    direct = log_mel.log_mel(log_mel.power(shifted))[0, 50]
    assert int(through.argmax()) == int(direct.argmax())


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="half the sample rate"):
        LogMelConfig(f_max=9000.0)
    with pytest.raises(ValueError, match="must not decrease"):
        LogMelConfig(win_length=600)
