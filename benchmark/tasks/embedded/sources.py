"""Sound sources that the scene and the event task share."""

from __future__ import annotations

from itertools import accumulate
from typing import Final

import numpy as np

from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.envelopes import decay, faded, oscillation
from benchmark.tasks.embedded.exact_math import cosine, exp2
from benchmark.tasks.embedded.noises import band_noise
from benchmark.tasks.embedded.signal import Signal, ramp, samples_in
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


def sweep(rng: Draws, samples: int, fade: float) -> Signal:
    """A tone that rises by half an octave to two, evenly in log-frequency.

    Args:
        rng: Draws the range, the number of harmonics (one to four) and their fall.
        samples: Length.
        fade: Seconds in which it comes and goes; at most half its length each.
    """
    low = rng.log_uniform(200.0, 1500.0)
    frequency = low * exp2(rng.uniform(0.5, 2.0) * ramp(samples))
    numbers = np.arange(1.0, rng.integer(1, 5) + 1.0)
    audio = partials(frequency, numbers, rolled_off(numbers, rng.uniform(3.0, 12.0)), rng)
    return faded(audio, fade, fade)


def strike(rng: Draws, samples: int) -> Signal:
    """A struck bar or bell: five to nine partials at odd ratios, the higher ones dying sooner."""
    count = rng.integer(5, 10)
    ratios = np.array(list(accumulate([1.0, *rng.uniforms(0.3, 1.4, count - 1).tolist()])))
    seconds = rng.log_uniform(0.25, 1.2)
    levels = rng.uniforms(0.2, 1.0, count)
    curves = np.stack(
        [
            level * decay(samples, seconds / root)
            for level, root in zip(levels, np.sqrt(ratios).tolist(), strict=True)
        ]
    )
    frequency = np.full(samples, rng.log_uniform(150.0, 1200.0))
    return faded(partials(frequency, ratios, curves, rng), 0.002, 0.01)


def burst(rng: Draws, centre: float, octaves: float, seconds: float) -> Signal:
    """A knock: a short band of noise with a sharp start."""
    samples = samples_in(seconds)
    return faded(band_noise(rng, samples, centre, octaves) * decay(samples, seconds), 0.002, 0.01)


def pulses(rng: Draws, samples: int, starts: Signal, seconds: tuple[float, float]) -> Signal:
    """The same kind of knock at each of the given times.

    Args:
        rng: Draws the knock's colour and length.
        samples: Length of the result.
        starts: Times of the knocks in seconds; what runs past the end is cut.
        seconds: Shortest and longest knock.
    """
    centre, octaves = rng.log_uniform(250.0, 4000.0), rng.uniform(0.5, 2.0)
    length = rng.log_uniform(*seconds)
    audio = np.zeros(samples)
    for start in starts.tolist():
        first = samples_in(start)
        sound = burst(rng, centre, octaves, length)[: samples - first]
        audio[first : first + len(sound)] += sound * rng.uniform(0.7, 1.0)
    return audio


def voice(rng: Draws, samples: int, begin: Signal, end: Signal, jitter: float = 0.0) -> Signal:
    """A buzz through formants that move from one vowel to another.

    Args:
        rng: Draws pitch (90 to 260 Hz), its drift and the tilt of the buzz.
        samples: Length.
        begin: Formants of the first vowel, Hz, shape (3,).
        end: Formants of the last vowel.
        jitter: Largest shift of each partial off its harmonic, over the fundamental; 0 is a voice,
            0.5 a metallic, noisy clang of the same spectrum.
    """
    pitch = rng.log_uniform(90.0, 260.0)
    drift = rng.uniform(0.02, 0.1) * oscillation(rng, samples, rng.uniform(0.5, 5.0))
    frequency = pitch * exp2(drift)
    numbers = harmonic_numbers(pitch * 1.1)
    ratios = numbers + rng.uniforms(-jitter, jitter, len(numbers))
    tilt = rolled_off(numbers, rng.uniform(2.0, 6.0))
    scale = rng.uniform(0.85, 1.2)  # length of the vocal tract
    first, last = (tilt * formant_gain(ratios * pitch, scale * vowel) for vowel in (begin, end))
    weight = 0.5 - 0.5 * cosine(0.5 * ramp(samples))
    levels = first[:, None] * (1.0 - weight) + last[:, None] * weight
    return faded(partials(frequency, ratios, levels, rng), 0.05, 0.05)
