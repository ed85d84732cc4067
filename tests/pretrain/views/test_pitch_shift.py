import math

import pytest
import torch
from torch import Tensor

from msssl_hear.log_mel import LogMel, LogMelConfig
from pretrain.views.pitch_shift import check_shift, random_shifts, shifted_filterbank


def tone(frequency: float) -> Tensor:
    return 0.3 * torch.sin(2 * math.pi * frequency * torch.arange(16000) / 16000)[None]


def shifted_mel(log_mel: LogMel, audio: Tensor, semitones: float) -> Tensor:
    """Mean power per band, shape (n_mels,)."""
    filters = shifted_filterbank(log_mel, torch.tensor([semitones]))
    return (log_mel.power(audio)[:, 5:-5] @ filters)[0].mean(dim=0)


@pytest.mark.parametrize("frequency", [220.0, 440.0, 1234.0, 3000.0])
@pytest.mark.parametrize("semitones", [-3.0, -1.3, 0.5, 3.0])
def test_a_shifted_tone_has_the_peak_of_the_tone_at_that_pitch(
    frequency: float, semitones: float
) -> None:
    log_mel = LogMel()
    shifted = shifted_mel(log_mel, tone(frequency), semitones)
    truth = shifted_mel(log_mel, tone(frequency * 2 ** (semitones / 12)), 0.0)
    bands = torch.arange(64.0)

    def centre(mel: Tensor) -> float:
        return float((bands * mel).sum() / mel.sum())

    assert abs(centre(shifted) - centre(truth)) < 0.3
    # The sound level is kept to 2 dB: the filters' sums are equalised, not their peaks.
    assert abs(10 * math.log10(float(shifted.sum() / truth.sum()))) < 2.0


def test_no_shift_is_the_front_end_itself() -> None:
    log_mel = LogMel()
    filters = shifted_filterbank(log_mel, torch.zeros(2))
    torch.testing.assert_close(filters[1], log_mel.filterbank)


@pytest.mark.parametrize("semitones", [-3.0, -1.0, 2.0, 3.0])
def test_white_noise_does_not_tell_the_shift_by_its_levels(semitones: float) -> None:
    log_mel = LogMel()
    noise = 0.1 * torch.randn(1, 60 * 16000, generator=torch.Generator().manual_seed(0))
    ratio = shifted_mel(log_mel, noise, semitones) / shifted_mel(log_mel, noise, 0.0)
    decibels = 10 * torch.log10(ratio)
    assert float(decibels.abs().max()) < 0.5


def test_shifts_that_bring_the_band_edge_into_view_are_refused() -> None:
    check_shift(LogMelConfig(), 3.0)
    with pytest.raises(ValueError, match="above the Nyquist frequency of 8000 Hz"):
        check_shift(LogMelConfig(f_max=7800.0), 3.0)


def test_random_shifts_are_whole_cents_that_fill_their_range() -> None:
    shifts = random_shifts(20_000, 0.1, torch.Generator().manual_seed(0))
    torch.testing.assert_close(shifts.unique(), torch.arange(-10, 11) / 100)
