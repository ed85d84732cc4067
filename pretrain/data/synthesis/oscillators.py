"""Periodic and nearly periodic signals from a running phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from pretrain.data.synthesis.signals import Signal

# Linear interpolation in a table errs by (pi k / TABLE)^2 / 2 of harmonic k: -48 dB at k = 160.
TABLE = 8192
MOST_HARMONICS = 160


def running_cycles(
    frequencies: NDArray[np.float64] | float, samples: int, sample_rate: int
) -> NDArray[np.float64]:
    """Integrate frequency to phase in cycles, from 0.

    Args:
        frequencies: Hz, one number or shape (samples,).
        samples: Length.
        sample_rate: Hz.

    Returns:
        float64, shape (samples,): float32 would lose the pitch of a long tone.
    """
    if isinstance(frequencies, float):
        return np.asarray(np.arange(samples) * (frequencies / sample_rate), np.float64)
    cycles = np.cumsum(frequencies) / sample_rate
    return np.concatenate([[0.0], cycles[:-1]])


def sine(cycles: NDArray[np.float64]) -> Signal:
    """sin(2 pi cycles): shape (samples,)."""
    wrapped = (cycles - np.floor(cycles)).astype(np.float32)
    wave: Signal = np.sin(np.float32(2 * np.pi) * wrapped)
    return wave


def harmonics(
    cycles: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    phases: NDArray[np.float64],
) -> Signal:
    """A sum of exact harmonics, read from a table of one period.

    Args:
        cycles: Phase of the fundamental in cycles, shape (samples,).
        amplitudes: Of harmonics 1, 2, ..., shape (harmonics,), at most ``MOST_HARMONICS``.
        phases: Of the same in radians, shape (harmonics,).
    """
    spectrum = np.zeros(TABLE // 2 + 1, np.complex64)
    spectrum[1 : len(amplitudes) + 1] = amplitudes * np.exp(1j * phases)
    period = irfft(spectrum, TABLE) * np.float32(TABLE / 2)
    table = np.append(period, period[0])
    position = (cycles - np.floor(cycles)) * TABLE
    # A phase just below a whole cycle may round up to the table's end.
    index = np.minimum(position.astype(np.int32), TABLE - 1)
    rest = (position - index).astype(np.float32)
    below = table[index]
    above: Signal = below + rest * (table[index + 1] - below)
    return above


def partials(
    cycles: NDArray[np.float64],
    ratios: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
    decays: NDArray[np.float64],
) -> Signal:
    """A sum of partials at any ratios, each with an exponential decay of its own.

    Args:
        cycles: Phase of the fundamental in cycles, shape (samples,).
        ratios: Frequency of each partial over the fundamental's, shape (partials,).
        amplitudes: At the start, shape (partials,).
        decays: Nepers per sample, shape (partials,).
    """
    total = np.zeros(len(cycles), np.float32)
    time = np.arange(len(cycles), dtype=np.float32)
    for ratio, amplitude, decay in zip(ratios, amplitudes, decays, strict=True):
        total += np.float32(amplitude) * np.exp(np.float32(-decay) * time) * sine(cycles * ratio)
    return total
