"""Random harmonic spectra: tilt, odd harmonics, formants, missing fundamentals, stiff strings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pretrain.data.synthesis.oscillators import MOST_HARMONICS
from pretrain.data.synthesis.signals import log_uniform

FAINTEST = 1e-3  # -60 dB: harmonics below it are left out
HIGHEST_WITHOUT_FUNDAMENTAL = 600.0  # Hz; above, too few harmonics remain to carry the pitch


@dataclass(frozen=True)
class Timbre:
    """What an instrument's harmonics are like, whatever the note.

    Attributes:
        tilt: Harmonic k falls as k to the power of minus this; 1 is 6 dB per octave.
        even: Gain of the even harmonics; near 0 for a clarinet's sound.
        formants: Shape (bumps, 3): centre in Hz, standard deviation in octaves, gain in dB.
        missing: How many of the lowest harmonics are left out.
        stiffness: B of partials at k sqrt(1 + B k^2) (Fletcher 1964, stiff strings); 0 is harmonic.
        roughness: dB, shape (MOST_HARMONICS,): each harmonic's own deviation.
    """

    tilt: float
    even: float
    formants: NDArray[np.float64]
    missing: int
    stiffness: float
    roughness: NDArray[np.float64]

    def ratios(self, count: int) -> NDArray[np.float64]:
        """Frequencies of the first partials over the fundamental's: shape (count,)."""
        number = np.arange(1, count + 1)
        stretch = np.sqrt((1 + self.stiffness * number**2) / (1 + self.stiffness))
        return np.asarray(number * stretch)

    def amplitudes(self, frequency: float, highest: float) -> NDArray[np.float64]:
        """Amplitudes of the harmonics of a note, the loudest 1.

        Args:
            frequency: Of the fundamental, Hz.
            highest: Hz above which there are none.

        Returns:
            Shape (harmonics,), up to the last audible one.
        """
        count = max(1, min(MOST_HARMONICS, int(highest / frequency)))
        number = np.arange(1, count + 1)
        hertz = frequency * self.ratios(count)
        decibels = self.roughness[:count].copy()
        for centre, width, gain in self.formants:
            decibels += gain * np.exp(-0.5 * (np.log2(hertz / centre) / width) ** 2)
        amplitudes = number**-self.tilt * 10 ** (decibels / 20)
        amplitudes[1::2] *= self.even
        amplitudes[hertz >= highest] = 0
        if frequency < HIGHEST_WITHOUT_FUNDAMENTAL:
            amplitudes[: self.missing] = 0
        amplitudes /= amplitudes.max()
        audible = np.flatnonzero(amplitudes > FAINTEST)
        return np.asarray(amplitudes[: audible[-1] + 1])


def draw_timbre(generator: Generator) -> Timbre:
    """One of endlessly many instruments."""
    odd_only = generator.random() < 0.2
    missing = int(generator.integers(1, 3)) if generator.random() < 0.12 and not odd_only else 0
    bumps = int(generator.integers(0, 4))
    formants = [
        (log_uniform(generator, 250, 5000), generator.uniform(0.1, 0.5), generator.uniform(6, 26))
        for _ in range(bumps)
    ]
    stiff = generator.random() < 0.15 and not missing
    return Timbre(
        tilt=generator.uniform(0.3, 2.8) * (0.4 if missing else 1.0),
        even=generator.uniform(0.0, 0.08) if odd_only else 1.0,
        formants=np.array(formants).reshape(bumps, 3),
        missing=missing,
        stiffness=log_uniform(generator, 1e-5, 1e-3) if stiff else 0.0,
        roughness=generator.normal(0, generator.uniform(0, 5), MOST_HARMONICS),
    )
