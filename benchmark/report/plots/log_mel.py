"""A spectrogram to look at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from benchmark.baselines.panns.mel import hz_to_mel, mel_matrix

BANDS = 96
LOWEST = 50.0  # Hz
WINDOW = 0.04  # s
LEAST_HOP = 0.01  # s
FRAMES = 1500  # at most: about one per pixel of the picture
RANGE = 70.0  # dB below the loudest that is still told apart


class Spectrogram(NamedTuple):
    """Mel power in dB.

    Attributes:
        power: float32, shape (bands, frames), dB below the loudest, at least -RANGE.
        seconds: Length of the clip.
        edges: Mel values of the lowest and the highest band's edge.
    """

    power: NDArray[np.float32]
    seconds: float
    edges: tuple[float, float]


def log_mel(audio: NDArray[np.float32], sample_rate: int) -> Spectrogram:
    """Log-mel spectrogram; long clips get fewer frames, each still of a window's samples.

    Args:
        audio: Mono, float32, shape (samples,).
        sample_rate: Hz.
    """
    window = hann(round(WINDOW * sample_rate), sym=False)
    hop = max(round(LEAST_HOP * sample_rate), -(-len(audio) // FRAMES))
    size = 2 ** int(np.ceil(np.log2(len(window))))
    transform = ShortTimeFFT(window, hop, sample_rate, mfft=size)
    # A clip shorter than a window cannot be cut into frames.
    padded = np.pad(audio, (0, max(0, len(window) - len(audio))))
    power = transform.spectrogram(padded)
    filters = mel_matrix(sample_rate, size, BANDS, LOWEST, sample_rate / 2)
    mel = np.maximum(filters.T @ power, 1e-12)
    decibels = 10.0 * np.log10(mel / mel.max())
    edges = hz_to_mel(LOWEST), hz_to_mel(sample_rate / 2)
    shown = np.maximum(decibels, -RANGE).astype(np.float32)
    return Spectrogram(shown, len(audio) / sample_rate, edges)


def frequency_ticks(edges: tuple[float, float]) -> tuple[list[float], list[str]]:
    """Places on the mel axis and their names: octaves from 250 Hz on."""
    ticks = [(hz_to_mel(hertz), hertz) for hertz in (250.0 * 2**octave for octave in range(8))]
    inside = [(place, hertz) for place, hertz in ticks if edges[0] <= place <= edges[1]]
    names = [f"{hertz / 1000:g}k" if hertz >= 1000 else f"{hertz:g}" for _, hertz in inside]
    return [place for place, _ in inside], names
