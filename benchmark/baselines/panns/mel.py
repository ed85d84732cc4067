"""Slaney's mel filterbank, the one that PANNs were trained with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Slaney, "Auditory Toolbox", Interval technical report 1998-010: linear below 1000 Hz, 27 bands per
# factor 6.4 above.
HZ_PER_MEL = 200.0 / 3.0
BREAK_HZ = 1000.0
BREAK_MEL = BREAK_HZ / HZ_PER_MEL
LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequency: float) -> float:
    """Frequency in Hz on Slaney's mel scale."""
    if frequency < BREAK_HZ:
        return frequency / HZ_PER_MEL
    return float(BREAK_MEL + np.log(frequency / BREAK_HZ) / LOG_STEP)


def mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slaney mels, any shape, as frequencies in Hz."""
    above = BREAK_HZ * np.exp(LOG_STEP * (np.maximum(mels, BREAK_MEL) - BREAK_MEL))
    return np.where(mels < BREAK_MEL, mels * HZ_PER_MEL, above)


def mel_matrix(
    sample_rate: int, n_fft: int, n_mels: int, f_min: float, f_max: float
) -> NDArray[np.float32]:
    """Triangular filters, equally spaced on Slaney's scale, each of area 1 (per Hz).

    Equal to the transpose of ``librosa.filters.mel`` with its default settings, which torchlibrosa
    puts into every PANNs checkpoint as ``logmel_extractor.melW``.

    Args:
        sample_rate: Hz.
        n_fft: FFT size, samples.
        n_mels: Number of filters.
        f_min: Lower edge of the lowest filter, Hz.
        f_max: Upper edge of the highest filter, Hz.

    Returns:
        Weights, shape (n_fft // 2 + 1, n_mels).
    """
    bins = np.linspace(0.0, sample_rate / 2, n_fft // 2 + 1)[:, None]
    edges = mel_to_hz(np.linspace(hz_to_mel(f_min), hz_to_mel(f_max), n_mels + 2))
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - lower) / (centre - lower)
    falling = (upper - bins) / (upper - centre)
    triangles = np.maximum(np.minimum(rising, falling), 0.0)
    return (triangles * 2.0 / (upper - lower)).astype(np.float32)
