"""The shared pieces, against spectra and levels measured on what they make."""

import numpy as np
import pytest

from benchmark.tasks.embedded.channel import at_peak, equalised, in_noise, recorded, reverberant
from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.envelopes import decay, faded, oscillation
from benchmark.tasks.embedded.exact_math import rms
from benchmark.tasks.embedded.noises import band_noise, coloured_noise
from benchmark.tasks.embedded.signal import SAMPLE_RATE, amplitude
from benchmark.tasks.embedded.tones import (
    HIGHEST_PARTIAL,
    formant_gain,
    harmonic_numbers,
    note_frequency,
    partials,
    rolled_off,
    stretched,
)


def spectrum_peaks(audio: np.ndarray, count: int) -> np.ndarray:
    """Frequencies in Hz of the strongest bins of one second, ascending."""
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    inner = (power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])
    peaks = np.flatnonzero(inner) + 1
    return np.sort(peaks[np.argsort(power[peaks])[-count:]]) * SAMPLE_RATE / len(audio)


def test_note_frequencies() -> None:
    assert note_frequency(69) == 440.0
    assert amplitude(-20.0) == pytest.approx(0.1)
    assert note_frequency(21) == pytest.approx(27.5)
    assert note_frequency(108) == pytest.approx(4186.009, abs=1e-3)


def test_partials_lie_where_their_ratios_say() -> None:
    ratios = np.array([1.0, 2.5, 4.0, 100.0])
    audio = partials(np.full(SAMPLE_RATE, 300.0), ratios, np.ones(4), Draws(0))
    np.testing.assert_allclose(spectrum_peaks(audio, 3), [300.0, 750.0, 1200.0], atol=1.0)
    assert rms(audio) == pytest.approx(np.sqrt(3 / 2), rel=1e-3)  # the fourth does not fit


def test_harmonics_stay_below_the_highest_partial() -> None:
    assert len(harmonic_numbers(27.5)) == 276
    assert harmonic_numbers(1000.0)[-1] * 1000.0 <= HIGHEST_PARTIAL
    assert len(harmonic_numbers(9000.0)) == 1


def test_stiff_strings_and_roll_off() -> None:
    numbers = np.array([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(stretched(numbers, 0.0), numbers)
    np.testing.assert_allclose(stretched(numbers, 0.01)[2], 4 * np.sqrt(1.16 / 1.01))
    np.testing.assert_allclose(
        20 * np.log10(rolled_off(numbers, 6.0)), [0.0, -6.0, -12.0], atol=1e-9
    )


def test_formants_are_maxima() -> None:
    grid = np.arange(100.0, 4000.0, 10.0)
    gain = formant_gain(grid, np.array([500.0, 1500.0, 2500.0]))
    maxima = grid[1:-1][(gain[1:-1] > gain[:-2]) & (gain[1:-1] > gain[2:])]
    np.testing.assert_allclose(maxima, [500.0, 1500.0, 2500.0], atol=30.0)


@pytest.mark.parametrize("tilt", [0.0, -3.0, -6.0])
def test_coloured_noise_tilts(tilt: float) -> None:
    audio = coloured_noise(Draws(1), 2**18, tilt)
    assert rms(audio) == pytest.approx(1.0)
    power = np.abs(np.fft.rfft(audio)) ** 2
    frequency = np.fft.rfftfreq(2**18, 1 / SAMPLE_RATE)
    octaves = [power[(frequency >= f) & (frequency < 2 * f)].mean() for f in (250, 500, 1000, 2000)]
    np.testing.assert_allclose(np.diff(10 * np.log10(octaves)), tilt, atol=0.5)


def test_band_noise_keeps_to_its_band() -> None:
    audio = band_noise(Draws(2), SAMPLE_RATE, 1000.0, 0.5)
    power = np.abs(np.fft.rfft(audio * np.hanning(SAMPLE_RATE))) ** 2
    inside = power[500:2000].sum() / power.sum()
    assert inside > 0.99
    assert rms(audio) == pytest.approx(1.0)


def test_envelopes() -> None:
    curve = decay(SAMPLE_RATE, 1.0)
    assert curve[0] == 1.0
    assert 20 * np.log10(curve[SAMPLE_RATE // 2]) == pytest.approx(-30.0)
    audio = faded(np.ones(1000), 0.01, 0.02)
    assert audio[0] < 1e-3
    assert audio[-1] < 1e-3
    np.testing.assert_array_equal(audio[160:680], 1.0)
    assert spectrum_peaks(oscillation(Draws(3), SAMPLE_RATE, 7.0), 1) == [7.0]


def test_background_noise_and_level() -> None:
    tone = np.sin(np.arange(SAMPLE_RATE) * 0.3)
    noise = in_noise(Draws(4), tone, 6.0) - tone
    assert 20 * np.log10(rms(tone) / rms(noise)) == pytest.approx(6.0)
    assert np.abs(at_peak(tone, -20.0)).max() == pytest.approx(0.1)


def test_a_room_adds_a_tail_of_the_given_level() -> None:
    click = np.zeros(SAMPLE_RATE)
    click[100] = 1.0
    wet = reverberant(Draws(5), click, -10.0)
    assert wet.shape == click.shape
    np.testing.assert_allclose(wet[:100], 0.0, atol=1e-9)
    assert wet[100] == pytest.approx(1.0)
    assert 10 * np.log10(np.sum(wet[101:] ** 2)) == pytest.approx(-10.0, abs=0.5)


def test_an_equaliser_stays_in_its_range() -> None:
    click = np.zeros(4096)
    click[0] = 1.0
    gain = 20 * np.log10(np.abs(np.fft.rfft(equalised(Draws(6), click, 8.0))))
    assert np.abs(gain).max() <= 8.0
    assert np.ptp(gain) > 2.0


def test_a_recording_fits_in_16_bits() -> None:
    for seed in range(5):
        audio = recorded(Draws(7, seed), np.sin(np.arange(8000) * 0.1), (-3.0, 15.0))
        assert audio.shape == (8000,)
        assert 0.05 < np.abs(audio).max() < 0.9


def test_each_clip_has_a_random_stream_of_its_own() -> None:
    draws = [Draws(1, split, index).uniform(0.0, 1.0) for split in range(3) for index in range(50)]
    assert len(set(draws)) == 150
    assert Draws(1, 2, 3).uniform(0.0, 1.0) == Draws(1, 2, 3).uniform(0.0, 1.0)
