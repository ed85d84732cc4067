"""Weighted sums of a power spectrum by matrix products alone, as runtimes without an FFT want it.

ONNX has DFT and STFT operators. onnxruntime's are exact but slow: with them both front ends took
36 ms of one core for ten seconds of audio (onnxruntime 1.32), and take 17 ms with two small matrix
products per frame (Cooley and Tukey 1965, one step), the second in double precision. Other runtimes
lack these operators.

With ``n = columns * r + c`` and ``k = b + rows * a``, the transform of ``x`` is::

    X[k] = sum_c  W(c * b, n_fft) * W(c * a, columns) * sum_r  x[r, c] * W(r * b, rows)

with ``W(m, n) = exp(-2 pi i m / n)``. Only ``b <= rows / 2`` is computed: the power of a real
signal is the same at ``k`` and ``n_fft - k``, and those are the other ``b``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]


@dataclass(frozen=True)
class PowerBands:
    """Constants that turn frames into bands of power.

    A frame, shape (rows, columns), goes through ``window * frame``; ``first @ frame`` (real and
    imaginary parts below each other); the twiddle factors; ``[real, imaginary] @ second``;
    squares; ``power @ filters``. All is float32 but the second product: its sums are the longest,
    and of a full-scale square wave they put an embedding off by 1.0e-4 instead of 0.6e-4.

    Attributes:
        hop_length: Samples between frames, a multiple of ``columns``.
        n_fft: Samples of a frame, ``rows * columns``.
        window: Shape (rows, columns).
        first: Shape (2 * halves, rows), halves = rows // 2 + 1.
        twiddle_real: Shape (halves, columns).
        twiddle_imaginary: Shape (halves, columns).
        second: Shape (2 * columns, 2 * kept), float64; columns of the spectrum that no filter sees
            are left out.
        filters: Shape (halves * kept, bands).
    """

    hop_length: int
    n_fft: int
    window: Array
    first: Array
    twiddle_real: Array
    twiddle_imaginary: Array
    second: NDArray[np.float64]
    filters: Array

    @property
    def rows(self) -> int:
        """Rows of a frame."""
        return int(self.window.shape[0])

    @property
    def columns(self) -> int:
        """Columns of a frame."""
        return int(self.window.shape[1])

    @property
    def halves(self) -> int:
        """Rows of the spectrum that are computed."""
        return int(self.twiddle_real.shape[0])


def power_bands(window: Tensor, n_fft: int, hop_length: int, filters: Tensor) -> PowerBands:
    """Work out the constants, in double precision.

    Args:
        window: At most ``n_fft`` samples; zero padded on both sides as ``torch.stft`` does.
        n_fft: Samples of a frame.
        hop_length: Samples between frames.
        filters: Weights of the power in each band, shape (n_fft // 2 + 1, bands).
    """
    columns = _columns(n_fft, hop_length)
    rows = n_fft // columns
    b = np.arange(rows // 2 + 1)
    c = np.arange(columns)
    weights = _spread(filters.double().numpy(), b[:, None] + rows * c, n_fft)
    kept = np.flatnonzero(weights.any(axis=(0, 2)))
    first = _turns(np.outer(b, np.arange(rows)), rows)
    twiddle = _turns(np.outer(b, c), n_fft)
    second = _turns(np.outer(c, kept), columns)
    # [real, imaginary] @ this is [real, imaginary] of the product with ``second``.
    product = np.block([[second.real, second.imag], [-second.imag, second.real]])
    return PowerBands(
        hop_length=hop_length,
        n_fft=n_fft,
        window=_centred(window.double().numpy(), n_fft).reshape(rows, columns).astype(np.float32),
        first=np.concatenate([first.real, first.imag]).astype(np.float32),
        twiddle_real=twiddle.real.astype(np.float32),
        twiddle_imaginary=twiddle.imag.astype(np.float32),
        second=product,
        filters=weights[:, kept].reshape(-1, filters.shape[1]).astype(np.float32),
    )


def _columns(n_fft: int, hop_length: int) -> int:
    """The divisor of both nearest to the root of ``n_fft``, where the products cost least."""
    common = math.gcd(n_fft, hop_length)
    divisors = [n for n in range(1, common + 1) if common % n == 0]
    return min(divisors, key=lambda columns: columns + n_fft // columns)


def _turns(numbers: NDArray[np.int64], parts: int) -> NDArray[np.complex128]:
    """exp(-2 pi i number / parts)."""
    turns: NDArray[np.complex128] = np.exp(-2j * np.pi * (numbers % parts) / parts)
    return turns


def _centred(window: NDArray[np.float64], n_fft: int) -> NDArray[np.float64]:
    before = (n_fft - len(window)) // 2
    return np.pad(window, (before, n_fft - len(window) - before))


def _spread(
    filters: NDArray[np.float64], bins: NDArray[np.int64], n_fft: int
) -> NDArray[np.float64]:
    """Weights of computed bins, each half where both ``k`` and ``n_fft - k`` are computed."""
    folded = np.minimum(bins, n_fft - bins)
    times = np.bincount(folded.ravel(), minlength=n_fft // 2 + 1)
    weights: NDArray[np.float64] = (filters / times[:, None])[folded]
    return weights
