"""Noises of a chosen spectrum, shaped in the frequency domain."""

from __future__ import annotations

import numpy as np

from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal, rms


def frequencies(samples: int) -> Signal:
    """Frequencies of ``rfft``'s bins in Hz; the first is half a bin, to have a logarithm."""
    bins = np.arange(samples // 2 + 1, dtype=np.float64)
    bins[0] = 0.5
    return bins * SAMPLE_RATE / samples


def coloured_noise(rng: np.random.Generator, samples: int, decibels_per_octave: float) -> Signal:
    """Gaussian noise whose spectrum tilts (0: white, -3: pink, -6: brown), at RMS 1.

    The tilt levels off under 50 Hz, so that no inaudible rumble takes the level.
    """
    octaves = np.log2(np.maximum(frequencies(samples), 50.0) / 1000.0)
    return shaped_noise(rng, 10.0 ** (decibels_per_octave * octaves / 20.0), samples)


def band_noise(rng: np.random.Generator, samples: int, centre: float, octaves: float) -> Signal:
    """Gaussian noise around a centre frequency (Hz), a bell ``octaves`` wide, at RMS 1."""
    distance = np.log2(frequencies(samples) / centre) / (octaves / 2.0)
    return shaped_noise(rng, np.exp(-0.5 * distance**2), samples)


def shaped_noise(rng: np.random.Generator, gain: Signal, samples: int) -> Signal:
    """Gaussian noise filtered by a gain at each of ``rfft``'s bins, at RMS 1."""
    audio = np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) * gain, samples)
    return np.asarray(audio / rms(audio))
