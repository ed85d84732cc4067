import numpy as np
import pytest

from pretrain.data.synthesis.clicks import click_times, clicks
from pretrain.data.synthesis.envelopes import exponential_decay, fades, held, struck, tremolo
from pretrain.data.synthesis.noises import (
    coloured,
    modulated_noise,
    noise_bursts,
    shaped_noise,
    spectrum_frequencies,
)
from pretrain.data.synthesis.scenes import scene
from pretrain.data.synthesis.sweeps import bell

RATE = 16000


def test_fades_are_raised_cosines() -> None:
    envelope = fades(1000, 0.01, 0.02, RATE)
    assert envelope[0] < 1e-4 and envelope[-1] < 1e-4
    assert (envelope[160:680] == 1).all()
    assert envelope[79:81].mean() == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(envelope[:160]) > 0).all() and (np.diff(envelope[680:]) < 0).all()
    assert len(fades(1, 1.0, 1.0, RATE)) == 1


def test_exponential_decay_falls_by_60_db_in_its_time() -> None:
    assert exponential_decay(RATE + 1, 1.0, RATE)[-1] == pytest.approx(1e-3, rel=1e-3)


def test_struck_sounds_fall_and_held_ones_stay() -> None:
    middle = slice(RATE // 2, RATE // 2 + 100)
    late = slice(3 * RATE, 3 * RATE + 100)
    falls = {
        shape: np.median(
            [
                envelope[late].mean() / envelope[middle].mean()
                for envelope in (shape(np.random.default_rng(s), 4 * RATE, RATE) for s in range(40))
            ]
        )
        for shape in (struck, held)
    }
    assert falls[struck] < 0.1 and falls[held] > 0.5


def test_tremolo_stays_between_its_depth_and_one() -> None:
    for seed in range(10):
        gain = tremolo(np.random.default_rng(seed), 2 * RATE, RATE)
        assert 0.19 < gain.min() < 0.91 and 0.99 < gain.max() <= 1.0001


def test_shaped_noise_has_the_spectrum_asked_for() -> None:
    frequencies = spectrum_frequencies(8 * RATE, RATE)
    gains = np.where((frequencies > 1000) & (frequencies < 2000), 1.0, 0.0).astype(np.float32)
    noise = shaped_noise(np.random.default_rng(0), 8 * RATE, RATE, gains)
    power = np.abs(np.fft.rfft(noise)) ** 2
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE)
    inside = (hertz > 990) & (hertz < 2010)
    assert power[inside].sum() > 0.999 * power.sum()
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(1, abs=1e-3)


def test_colours_differ_in_slope() -> None:
    slopes = []
    for seed in range(40):
        noise = coloured(np.random.default_rng(seed), 2 * RATE, RATE)
        power = np.abs(np.fft.rfft(noise)) ** 2
        octave = [power[f : 2 * f].mean() for f in (200, 400, 800, 1600, 3200, 6400)]  # 0.5 Hz bins
        slopes.append(10 * np.polyfit(np.arange(6), np.log10(octave), 1)[0])
    assert min(slopes) < -5 and max(slopes) > 2  # dB per octave
    assert min(slopes) > -7.6 and max(slopes) < 4.1


def test_modulated_noise_goes_up_and_down() -> None:
    for seed in range(10):
        noise = modulated_noise(np.random.default_rng(seed), 3 * RATE, RATE)
        levels = np.sqrt(np.mean(noise[: 3 * RATE].reshape(-1, 40) ** 2, axis=1))
        assert np.std(levels) > 0.3 * levels.mean()


def test_bursts_start_at_once_and_come_again() -> None:
    for seed in range(10):
        noise = noise_bursts(np.random.default_rng(seed), 3 * RATE, RATE)
        assert np.abs(noise[:1600]).max() > 0.05 * np.abs(noise).max()


def test_click_times_lie_inside_the_clip() -> None:
    counts = []
    for seed in range(200):
        times = click_times(np.random.default_rng(seed), 4.0)
        assert times[0] == 0 and times[-1] < 4 and (np.diff(times) > 0).all()
        counts.append(len(times))
    assert min(counts) >= 6 and max(counts) > 120


def test_clicks_are_short() -> None:
    crests = []
    for seed in range(30):
        signal = clicks(np.random.default_rng(seed), 2 * RATE, RATE)
        crests.append(np.abs(signal).max() / np.sqrt(np.mean(signal**2)))
    assert np.median(crests) > 6  # a sine has 1.4, Gaussian noise about 4


def test_bells_die_away_and_are_not_harmonic_noise() -> None:
    for seed in range(20):
        signal = bell(np.random.default_rng(seed), 4 * RATE, RATE)
        assert np.abs(signal).max() > 0.3
        power = np.abs(np.fft.rfft(signal)) ** 2
        assert power[-len(power) // 20 :].sum() < 0.01 * power.sum()  # above 7.6 kHz: no aliases


def test_scenes_are_several_sounds_over_a_floor() -> None:
    changes, lowest = [], []
    for seed in range(20):
        signal = scene(np.random.default_rng(seed), 5 * RATE, RATE)
        levels = np.sqrt(np.mean(signal.reshape(-1, 400) ** 2, axis=1))
        lowest.append(levels.min())
        loud = 20 * np.log10(levels) > -35
        changes.append(np.count_nonzero(np.diff(loud.astype(int)) == 1))
    assert min(lowest) > 1e-5  # never digital silence
    assert np.mean(changes) >= 3
