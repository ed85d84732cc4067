"""Noises of a chosen spectrum, shaped in the frequency domain."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.exact_math import exp2, log2, rms
from benchmark.tasks.embedded.fourier import frequencies, inverse, size_for
from benchmark.tasks.embedded.signal import Signal, amplitudes

BELL: Final = 0.7213475204444817  # 1 / (2 ln 2): exp(-d^2 / 2) as a power of two


def coloured_noise(rng: Draws, samples: int, decibels_per_octave: float) -> Signal:
    """Noise whose spectrum tilts (0: white, -3: pink, -6: brown), at RMS 1.

    The tilt levels off under 50 Hz, so that no inaudible rumble takes the level.
    """
    octaves = log2(np.maximum(frequencies(size_for(samples)), 50.0) / 1000.0)
    return shaped_noise(rng, amplitudes(decibels_per_octave * octaves), samples)


def band_noise(rng: Draws, samples: int, centre: float, octaves: float) -> Signal:
    """Noise around a centre frequency (Hz), a bell ``octaves`` wide, at RMS 1."""
    distance = log2(frequencies(size_for(samples)) / centre) / (octaves / 2.0)
    # Far out the bell is nothing; cut before its square leaves exp2's range.
    return shaped_noise(rng, exp2(np.maximum(-BELL * distance * distance, -100.0)), samples)


def shaped_noise(rng: Draws, gain: Signal, samples: int) -> Signal:
    """Noise with a gain at each of ``frequencies(size_for(samples))``, at RMS 1.

    A random spectrum on the positive frequencies alone; its inverse transform has a real part that
    is noise of that spectrum.
    """
    size = size_for(samples)
    real, imaginary = np.zeros(size), np.zeros(size)
    real[: len(gain)] = gain * rng.noise(len(gain))
    imaginary[: len(gain)] = gain * rng.noise(len(gain))
    audio = inverse((real, imaginary))[:samples]
    return audio / rms(audio)
