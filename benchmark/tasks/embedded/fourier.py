"""A Fourier transform of which every platform computes the same bits, and filters made of it.

NumPy's transform is compiled C++: other compilers, processors and versions give other last bits.
Here are only NumPy's sums, differences and products of whole arrays, real and imaginary part apart
(its complex product may be fused). Lengths are powers of two.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from benchmark.tasks.embedded.exact_math import cosine, sine
from benchmark.tasks.embedded.signal import SAMPLE_RATE, Signal

Complex = tuple[Signal, Signal]  # real and imaginary part


def size_for(samples: int) -> int:
    """The smallest length of a transform that holds so many samples: a power of two."""
    return 1 << max(2, (samples - 1).bit_length())


def frequencies(size: int) -> Signal:
    """Frequency of each bin in Hz, shape (size // 2 + 1,); the first is half a bin, not 0."""
    bins = np.arange(size // 2 + 1, dtype=np.float64)
    bins[0] = 0.5
    return bins * SAMPLE_RATE / size


def transform(audio: Signal, size: int) -> Complex:
    """Spectrum of real audio, padded with zeros to ``size``: all its bins, shape (size,) twice."""
    padded = np.zeros(size)
    padded[: len(audio)] = audio
    return _fourier(padded, np.zeros(size))


def inverse(spectrum: Complex) -> Signal:
    """Real part of the inverse transform, shape (size,)."""
    real, imaginary = spectrum
    return _fourier(imaginary, real)[1] / len(real)  # the two swapped: the inverse


def filtered(audio: Signal, gain: Signal) -> Signal:
    """Apply a gain at each of ``frequencies(size)``, with no change of phase.

    Args:
        audio: Shape (samples,).
        gain: Shape (size // 2 + 1,); what it smears beyond ``size`` comes round.
    """
    both = np.concatenate([gain, gain[-2:0:-1]])
    real, imaginary = transform(audio, len(both))
    return inverse((real * both, imaginary * both))[: len(audio)]


def convolved(audio: Signal, response: Signal) -> Signal:
    """Convolve with an impulse response, cut to the audio's length."""
    size = size_for(len(audio) + len(response))
    (a, b), (c, d) = transform(audio, size), transform(response, size)
    return inverse((a * c - b * d, a * d + b * c))[: len(audio)]


def _fourier(real: Signal, imaginary: Signal) -> Complex:
    """Discrete Fourier transform: rows, then columns, so that inner loops are long.

    Bailey, "FFTs in external or hierarchical memory", J. Supercomputing 4 (1990), the four steps.
    """
    size = len(real)
    rows = 1 << (size.bit_length() // 2)
    shape = rows, size // rows
    real, imaginary = _down_columns(real.reshape(shape), imaginary.reshape(shape))
    cosines, sines = _twiddles(*shape)
    real, imaginary = (
        real * cosines + imaginary * sines,
        imaginary * cosines - real * sines,
    )
    real, imaginary = _down_columns(real.T.copy(), imaginary.T.copy())
    return real.ravel(), imaginary.ravel()


def _down_columns(real: Signal, imaginary: Signal) -> Complex:
    """Transform each column, shape (length, columns): Stockham's algorithm, radix 2."""
    length, columns = real.shape
    left, done = length, columns  # points that a step still mixes; finished ones beside them
    while left > 1:
        half = left // 2
        real, imaginary = real.reshape(left, done), imaginary.reshape(left, done)
        cosines, sines = _half_circle(half)
        out_real, out_imaginary = np.empty((half, 2, done)), np.empty((half, 2, done))
        np.add(real[:half], real[half:], out=out_real[:, 0])
        np.add(imaginary[:half], imaginary[half:], out=out_imaginary[:, 0])
        x, y = real[:half] - real[half:], imaginary[:half] - imaginary[half:]
        np.add(x * cosines, y * sines, out=out_real[:, 1])
        np.subtract(y * cosines, x * sines, out=out_imaginary[:, 1])
        real, imaginary = out_real, out_imaginary
        left, done = half, 2 * done
    return real.reshape(length, columns), imaginary.reshape(length, columns)


@lru_cache(maxsize=32)
def _half_circle(count: int) -> Complex:
    """Cosines and sines of half a turn in ``count`` steps, shape (count, 1)."""
    turns = np.arange(count) / (2 * count)
    return cosine(turns)[:, None], sine(turns)[:, None]


@lru_cache(maxsize=8)
def _twiddles(rows: int, columns: int) -> Complex:
    """Cosines and sines between rows and columns, shape (rows, columns)."""
    size = rows * columns
    turns = np.outer(np.arange(rows), np.arange(columns)) % size / size
    return cosine(turns), sine(turns)
