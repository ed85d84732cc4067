"""Pitch measured from the spectrum and by autocorrelation, not from the synthesiser's phases."""

import numpy as np
import pytest
from scipy.signal import find_peaks

from pretrain.data.synthesis.notes import chord, melody, midi_frequency, play, single_note, vibrato
from pretrain.data.synthesis.oscillators import running_cycles, sine
from pretrain.data.synthesis.sweeps import glide_path, tone
from pretrain.data.synthesis.timbres import Timbre, draw_timbre

RATE = 16000


def spectral_peak(signal: np.ndarray) -> float:
    """Frequency in Hz of the loudest spectral peak, by a parabola through its logarithm."""
    length = 4 * len(signal)
    spectrum = np.log(np.abs(np.fft.rfft(signal * np.hanning(len(signal)), length)) + 1e-12)
    k = int(spectrum[1:-1].argmax()) + 1
    left, middle, right = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (left - right) / (left - 2 * middle + right)) * RATE / length


def autocorrelation(signal: np.ndarray) -> np.ndarray:
    """Normalised, of lags 0, 1, ..."""
    spectrum = np.fft.rfft(signal, 2 * len(signal))
    values = np.fft.irfft(np.abs(spectrum) ** 2)[: len(signal) // 2]
    return values / values[0] / (1 - np.arange(len(values)) / len(signal))


def cents(a: float, b: float) -> float:
    return 1200 * np.log2(a / b)


def plain(**changes) -> Timbre:
    settings = {
        "tilt": 1.0, "even": 1.0, "formants": np.zeros((0, 3)), "missing": 0, "stiffness": 0.0,
        "roughness": np.zeros(160),
    }  # fmt: skip
    return Timbre(**(settings | changes))


@pytest.mark.parametrize("note", [24, 31.37, 45, 57.5, 69, 81.2, 96])
def test_harmonic_notes_have_the_pitch_asked_for(note: float) -> None:
    for seed in range(8):
        generator = np.random.default_rng(seed)
        timbre = plain(**{**vars(draw_timbre(generator)), "stiffness": 0.0})
        frequency = midi_frequency(note)
        signal = play(generator, frequency, timbre, 2 * RATE, RATE)
        peak = spectral_peak(signal)
        harmonic = max(1, round(peak / frequency))
        assert abs(cents(peak / harmonic, frequency)) < 4, (note, seed)


def test_notes_repeat_at_their_period_and_no_sooner() -> None:
    """Without its fundamental too: that is what makes the pitch of harmonics 2, 3, 4, ..."""
    for missing in (0, 1, 2):
        timbre = plain(tilt=0.6, missing=missing)
        signal = play(np.random.default_rng(4), 110.0, timbre, RATE, RATE)
        spectrum = np.abs(np.fft.rfft(signal))  # 1 Hz per bin
        assert (spectrum[105:116].max() < 0.05 * spectrum.max()) == (missing > 0)
        lags = autocorrelation(signal)
        lag = 50 + int(lags[50:200].argmax())
        assert abs(cents(RATE / lag, 110)) < 12  # one sample of 145


def test_midi_numbers() -> None:
    assert midi_frequency(69) == 440
    assert midi_frequency(24) == pytest.approx(32.703, abs=1e-3)
    assert midi_frequency(96) == pytest.approx(2093.005, abs=1e-3)


def test_stiff_strings_stretch_their_partials() -> None:
    timbre = plain(stiffness=1e-3, tilt=0.3)
    signal = play(np.random.default_rng(0), 220.0, timbre, 2 * RATE, RATE)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    for k in (1, 5, 10):
        expected = 220 * k * np.sqrt((1 + 1e-3 * k**2) / (1 + 1e-3))
        near = slice(round(2 * expected) - 40, round(2 * expected) + 41)
        assert abs((near.start + int(spectrum[near].argmax())) / 2 - expected) < 1.5


def test_odd_harmonics_only() -> None:
    spectrum = np.abs(
        np.fft.rfft(play(np.random.default_rng(1), 200.0, plain(even=0.0), RATE, RATE))
    )
    assert spectrum[590:611].max() > 20 * spectrum[390:411].max()


def test_notes_stay_below_the_limit() -> None:
    """Aliases would stand between the harmonics."""
    signal = play(np.random.default_rng(2), 1975.0, plain(tilt=0.0), RATE, RATE)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(RATE)))
    peaks, _ = find_peaks(spectrum, height=0.01 * spectrum.max(), distance=50)
    assert np.allclose(np.sort(peaks) / 1975, [1, 2, 3], atol=0.01)


def test_vibrato_swings_as_deep_as_it_says() -> None:
    for seed in range(20):
        deviation = vibrato(np.random.default_rng(seed), 3 * RATE, RATE)
        assert 4 < np.abs(deviation).max() <= 80
        assert abs(deviation.mean()) < 0.1 * np.abs(deviation).max()
        turns = np.count_nonzero(np.diff(np.sign(deviation))) / 3 / 2
        assert 2.5 < turns < 9.5  # Hz


def test_a_tone_is_one_sine() -> None:
    for seed in range(20):
        signal = tone(np.random.default_rng(seed), 2 * RATE, RATE)
        peak = spectral_peak(signal)
        assert 39 < peak < 6050
        spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
        near = np.abs(np.arange(len(spectrum)) / 2 - peak) < max(25, 0.02 * peak)
        assert spectrum[near].sum() > 0.9 * spectrum.sum()
    steady = sine(running_cycles(1234.5, 2 * RATE, RATE))
    assert abs(cents(spectral_peak(steady), 1234.5)) < 0.1


@pytest.mark.parametrize("linear", [True, False])
@pytest.mark.parametrize("ends", [(300.0, 2400.0), (2400.0, 300.0)])
def test_glides_go_where_they_should(ends: tuple[float, float], linear: bool) -> None:
    path = glide_path(ends, RATE, linear)
    signal = sine(running_cycles(path, RATE, RATE))
    tracked = [spectral_peak(signal[i : i + 512]) for i in range(0, RATE - 512, 512)]
    steps = np.diff(tracked)
    assert (steps * np.sign(ends[1] - ends[0]) > 0).all()
    # The middle of 300 and 2400 Hz: 1350 Hz in Hz, 849 Hz in octaves.
    middle = tracked[len(tracked) // 2]
    assert middle == pytest.approx(1350 if linear else 848.5, rel=0.06)


@pytest.mark.parametrize("source", [single_note, melody, chord])
def test_notes_begin_and_end_softly(source) -> None:
    for seed in range(30):
        signal = source(np.random.default_rng(seed), RATE, RATE)
        assert max(abs(signal[0]), abs(signal[-1])) < 0.05 * np.abs(signal).max()


def test_melodies_change_their_pitch() -> None:
    peaks = []
    for seed in range(10):
        line = melody(np.random.default_rng(seed), 4 * RATE, RATE)
        parts = [line[i : i + RATE // 2] for i in range(0, 4 * RATE, RATE // 2)]
        peaks.append(
            len({round(12 * np.log2(spectral_peak(part))) for part in parts if part.any()})
        )
    assert np.mean(peaks) > 3
