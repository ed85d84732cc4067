"""Sound sources that the scene and the event task share."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmark.tasks.embedded.envelopes import decay, faded, oscillation
from benchmark.tasks.embedded.noises import band_noise
from benchmark.tasks.embedded.signal import Signal, log_uniform, samples_in
from benchmark.tasks.embedded.tones import (
    formant_gain,
    harmonic_numbers,
    partials,
    rolled_off,
)

# First three formants in Hz of adult vowels (Peterson and Barney, JASA 24 (1952), table II, men).
VOWELS: Final = {
    "i": np.array([270.0, 2290.0, 3010.0]),
    "ae": np.array([660.0, 1720.0, 2410.0]),
    "a": np.array([730.0, 1090.0, 2440.0]),
    "o": np.array([570.0, 840.0, 2410.0]),
    "u": np.array([300.0, 870.0, 2240.0]),
}


def sweep(rng: np.random.Generator, samples: int) -> Signal:
    """A tone that rises by half an octave to two, evenly in log-frequency, within a soft swell."""
    low = log_uniform(rng, 200.0, 1500.0)
    octaves = rng.uniform(0.5, 2.0)
    frequency = low * 2.0 ** (octaves * np.linspace(0.0, 1.0, samples))
    numbers = np.arange(1.0, rng.integers(1, 5) + 1.0)
    audio = partials(frequency, numbers, rolled_off(numbers, rng.uniform(3.0, 12.0)), rng)
    return faded(audio, samples, samples)


def strike(rng: np.random.Generator, samples: int) -> Signal:
    """A struck bar or bell: five to nine partials at odd ratios, the higher ones dying sooner."""
    count = int(rng.integers(5, 10))
    ratios = np.cumsum(np.append(1.0, rng.uniform(0.3, 1.4, count - 1)))
    seconds = log_uniform(rng, 0.25, 1.2)
    amplitudes = rng.uniform(0.2, 1.0, count)
    curves = np.stack(
        [a * decay(samples, seconds / r**0.5) for a, r in zip(amplitudes, ratios, strict=True)]
    )
    frequency = np.full(samples, log_uniform(rng, 150.0, 1200.0))
    return faded(partials(frequency, ratios, curves, rng), 0.002, 0.01)


def burst(rng: np.random.Generator, centre: float, octaves: float, seconds: float) -> Signal:
    """A knock: a short band of noise with a sharp start."""
    samples = samples_in(seconds)
    return faded(band_noise(rng, samples, centre, octaves) * decay(samples, seconds), 0.002, 0.01)


def pulses(
    rng: np.random.Generator, samples: int, starts: Signal, seconds: tuple[float, float]
) -> Signal:
    """The same kind of knock at each of the given times.

    Args:
        rng: Draws the knock's colour and length.
        samples: Length of the result.
        starts: Times of the knocks in seconds; what runs past the end is cut.
        seconds: Shortest and longest knock.
    """
    centre, octaves = log_uniform(rng, 250.0, 4000.0), rng.uniform(0.5, 2.0)
    length = log_uniform(rng, *seconds)
    audio = np.zeros(samples)
    for start in starts:
        first = samples_in(float(start))
        sound = burst(rng, centre, octaves, length)[: samples - first]
        audio[first : first + len(sound)] += sound * rng.uniform(0.7, 1.0)
    return audio


def voice(
    rng: np.random.Generator, samples: int, begin: Signal, end: Signal, jitter: float = 0.0
) -> Signal:
    """A buzz through formants that move from one vowel to another.

    Args:
        rng: Draws pitch, its drift and the tilt of the buzz.
        samples: Length.
        begin: Formants of the first vowel, Hz, shape (3,).
        end: Formants of the last vowel.
        jitter: Largest shift of each partial off its harmonic, over the fundamental; 0 is a voice,
            0.5 a metallic, noisy clang of the same spectrum.
    """
    pitch = log_uniform(rng, 90.0, 260.0)
    frequency = pitch * 2.0 ** (
        rng.uniform(0.02, 0.1) * oscillation(rng, samples, rng.uniform(0.5, 5.0))
    )
    numbers = harmonic_numbers(pitch * 1.1)
    ratios = numbers + rng.uniform(-jitter, jitter, len(numbers))
    tilt = rolled_off(numbers, rng.uniform(2.0, 6.0))
    scale = rng.uniform(0.85, 1.2)  # length of the vocal tract
    first, last = (tilt * formant_gain(ratios * pitch, scale * vowel) for vowel in (begin, end))
    weight = 0.5 - 0.5 * np.cos(np.pi * np.linspace(0.0, 1.0, samples))
    amplitudes = first[:, None] * (1.0 - weight) + last[:, None] * weight
    return faded(partials(frequency, ratios, amplitudes, rng), 0.05, 0.05)
