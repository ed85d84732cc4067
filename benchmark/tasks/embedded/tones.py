"""Additive synthesis: sums of partials with a moving pitch, and the spectra they take."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal

HIGHEST_PARTIAL: Final = 0.475 * SAMPLE_RATE  # Hz; partials fade out below the Nyquist frequency
MOST_PARTIALS: Final = 80  # beyond these a tone's spectrum is dense anyway


def note_frequency(midi: float) -> float:
    """Fundamental of a MIDI note in Hz, equal temperament, A4 (69) = 440 Hz."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


def harmonic_numbers(fundamental: float) -> Signal:
    """Numbers 1, 2, ... of the harmonics below the highest frequency that a clip can hold."""
    count = int(np.clip(HIGHEST_PARTIAL // fundamental, 1, MOST_PARTIALS))
    return np.arange(1.0, count + 1.0)


def stretched(numbers: Signal, inharmonicity: float) -> Signal:
    """Frequency ratios of a stiff string's partials, ``k sqrt(1 + B k^2) / sqrt(1 + B)``.

    Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 36 (1964), eq. 13; scaled
    so that the first partial keeps the note's frequency.
    """
    stretch = np.sqrt((1.0 + inharmonicity * numbers**2) / (1.0 + inharmonicity))
    return np.asarray(numbers * stretch)


def partials(
    frequency: Signal, ratios: Signal, amplitudes: Signal, rng: np.random.Generator
) -> Signal:
    """Sum sine partials that follow one pitch curve, each from a random phase.

    Args:
        frequency: Pitch at each sample, Hz, shape (samples,).
        ratios: Frequency of each partial over the pitch, shape (partials,).
        amplitudes: Amplitude of each partial, shape (partials,) or (partials, samples).
        rng: Draws the phases.

    Returns:
        Audio, shape (samples,). Partials above the highest frequency are left out.
    """
    phase = 2.0 * np.pi * np.cumsum(frequency) / SAMPLE_RATE
    highest = float(frequency.max())
    audio = np.zeros(len(frequency))
    for ratio, amplitude, start in zip(
        ratios, amplitudes, rng.uniform(0.0, 2.0 * np.pi, len(ratios)), strict=True
    ):
        if ratio * highest <= HIGHEST_PARTIAL:
            audio += amplitude * np.sin(ratio * phase + start)
    return audio


def rolled_off(numbers: Signal, decibels_per_octave: float) -> Signal:
    """Amplitudes that fall by a fixed number of dB with each octave of the harmonic number."""
    return np.asarray(10.0 ** (-decibels_per_octave * np.log2(numbers) / 20.0))


def formant_gain(frequency: Signal, centres: Signal, bandwidth: float = 0.12) -> Signal:
    """Gain of a row of vocal-tract-like resonances.

    Args:
        frequency: Where to evaluate it, Hz.
        centres: Formant frequencies, Hz, shape (formants,).
        bandwidth: Half width of a resonance over its centre frequency.

    Returns:
        Gain, shape of ``frequency``; the formants weaken upwards by 6 dB each.
    """
    gain = np.full(frequency.shape, 0.01)
    for rank, centre in enumerate(centres):
        gain += 0.5**rank / (1.0 + ((frequency - centre) / (bandwidth * centre)) ** 2)
    return gain
