"""Additive synthesis: sums of partials with a moving pitch, and the spectra they take."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmark.tasks.embedded.draws import Draws
from benchmark.tasks.embedded.exact_math import exp2_of, log2, sine
from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal, amplitudes

HIGHEST_PARTIAL: Final = 0.475 * SAMPLE_RATE  # Hz: partials end below the Nyquist frequency
TURN: Final = float(1 << 32)  # steps of the phase in a full circle


def note_frequency(midi: float) -> float:
    """Fundamental of a MIDI note in Hz, equal temperament, A4 (69) = 440 Hz."""
    return 440.0 * exp2_of((midi - 69.0) / 12.0)


def harmonic_numbers(fundamental: float) -> Signal:
    """Numbers 1, 2, ... of the harmonics below the highest frequency that a clip can hold."""
    return np.arange(1.0, max(1, int(HIGHEST_PARTIAL / fundamental)) + 1.0)


def stretched(numbers: Signal, inharmonicity: float) -> Signal:
    """Frequency ratios of a stiff string's partials, ``k sqrt(1 + B k^2) / sqrt(1 + B)``.

    Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 36 (1964), eq. 13; scaled
    so that the first partial keeps the note's frequency.
    """
    return numbers * np.sqrt((1.0 + inharmonicity * numbers * numbers) / (1.0 + inharmonicity))


def partials(frequency: Signal, ratios: Signal, amplitude: Signal, rng: Draws) -> Signal:
    """Sum sine partials that follow one pitch curve, each from a random phase.

    Args:
        frequency: Pitch at each sample, Hz, shape (samples,).
        ratios: Frequency of each partial over the pitch, shape (partials,).
        amplitude: Amplitude of each partial, shape (partials,) or (partials, samples).
        rng: Draws the phases.

    Returns:
        Audio, shape (samples,). Partials above the highest frequency are left out.
    """
    # In whole steps, so that the sum is exact in whatever order it is taken.
    steps = np.rint(frequency * (TURN / SAMPLE_RATE)).astype(np.int64)
    turns = np.cumsum(steps) / TURN
    highest = float(frequency.max())
    audio = np.zeros(len(frequency))
    starts = rng.uniforms(0.0, 1.0, len(ratios))
    for ratio, level, start in zip(ratios, amplitude, starts, strict=True):
        if ratio * highest <= HIGHEST_PARTIAL:
            audio += level * sine(ratio * turns + start)
    return audio


def rolled_off(numbers: Signal, decibels_per_octave: float) -> Signal:
    """Amplitudes that fall by a fixed number of dB with each octave of the harmonic number."""
    return amplitudes(-decibels_per_octave * log2(numbers))


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
    weight = 1.0
    for centre in centres:
        distance = (frequency - centre) / (bandwidth * centre)
        gain += weight / (1.0 + distance * distance)
        weight *= 0.5
    return gain
