import pytest
import torch
from torch import Tensor

from msssl_hear.log_frequency import LogFrequency, spectral_contrast
from msssl_hear.log_mel import LogMelConfig, mel_filterbank
from pretrain.views.shifted_contrast import bands_to_bins, shifted_contrast, whole_bins

MEL = LogMelConfig()
FLAT = torch.ones(3, MEL.n_mels)


def chord(semitones: float) -> Tensor:
    """Three partials of a fifth of a second's worth and more, moved together."""
    time = torch.arange(15_360, dtype=torch.float64) / 16_000
    hertz = torch.tensor([440.0, 880.0, 1320.0], dtype=torch.float64) * 2 ** (semitones / 12)
    return 0.2 * torch.sin(2 * torch.pi * hertz[:, None] * time).sum(0).float()


def test_without_a_shift_it_is_the_front_end() -> None:
    audio = torch.randn(3, 15_360)
    found = shifted_contrast(audio, torch.zeros(3), 3.0, FLAT, MEL)
    front = LogFrequency()
    expected = spectral_contrast(front(audio)[:, :-1], front.config.bins_per_octave)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("semitones", [-3.0, -1 / 3, 2.0])
def test_a_shifted_chord_is_the_chord_at_the_other_pitch(semitones: float) -> None:
    shifts = torch.tensor([semitones, 0.0, 0.0])
    audio = torch.stack([chord(0), chord(semitones), chord(0)])
    shifted, sung, still = shifted_contrast(audio, shifts, 3.0, FLAT, MEL)[:, 12]
    peaks = sung > 0.5 * sung.max()
    assert (shifted - sung)[peaks].abs().max() < 0.2 * sung.max()
    assert int(shifted.argmax() - still.argmax()) == round(3 * semitones)


def test_a_level_changes_nothing_and_a_response_only_where_it_is() -> None:
    audio = torch.randn(3, 15_360)
    response = torch.ones(3, MEL.n_mels)
    response[1] = 4.0
    response[2, 40:] = 0.01
    found = shifted_contrast(audio[:1].expand(3, -1), torch.zeros(3), 3.0, response, MEL)
    torch.testing.assert_close(found[1], found[0], atol=1e-3, rtol=1e-3)
    changed = (found[2] - found[0]).abs().amax(dim=0)
    edge = 700 * (10 ** (2595 * torch.log10(torch.tensor(1 + 6500 / 700)) * 41 / 65 / 2595) - 1)
    edge_bin = int(3 * (69 + 12 * torch.log2(edge / 440) - 24))
    assert changed[: edge_bin - 25].max() < 1e-3 and changed[edge_bin] > 0.5


def test_bands_are_interpolated_to_bins() -> None:
    weights = bands_to_bins(MEL, torch.device("cpu"))
    torch.testing.assert_close(weights.sum(0), torch.ones(weights.shape[1]))
    # At the centre of bin 135, A4, the band with the largest filter has the largest weight.
    filters = mel_filterbank(torch.tensor([440.0]), MEL.n_mels, MEL.f_min, MEL.f_max)
    assert int(weights[:, 135].argmax()) == int(filters[0].argmax())


def test_whole_bins_are_thirds_of_a_semitone_within_the_largest_shift() -> None:
    near = whole_bins(torch.tensor([0.1, 0.2, -2.9]), 3.0)
    assert near.mul(3).tolist() == pytest.approx([0, 1, -9])
    assert whole_bins(torch.tensor([0.5]), 0.5).mul(3).tolist() == pytest.approx([1])
