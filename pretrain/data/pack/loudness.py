"""Integrated loudness of mono audio (ITU-R BS.1770-4)."""

from __future__ import annotations

from functools import cache
from math import pi, tan

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

QUIETEST_LUFS = -120.0  # stands for digital silence, whose loudness is minus infinity
_OFFSET_DB = -0.691  # BS.1770-4, eq. 2
_ABSOLUTE_GATE = -70.0  # LUFS; annex 1, section 5
_RELATIVE_GATE = -10.0  # LU below the mean of what passes the first gate; likewise
_BLOCK_MS, _HOP_MS = 400, 100  # likewise


@cache
def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """The two biquads of K-weighting at any sample rate, shape (2, 6), scipy's ``sos``.

    BS.1770 gives coefficients at 48 kHz only; these are the analogue prototypes behind them (De
    Man 2018, Evaluation of implementations of the EBU R128 loudness measurement, section 3).
    """
    k = tan(pi * 1681.974450955533 / sample_rate)
    q, gain = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = gain**0.4996667741545416
    shelf = [gain + middle * k / q + k * k, 2 * (k * k - gain), gain - middle * k / q + k * k]
    shelf += [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k]
    k = tan(pi * 38.13547087602444 / sample_rate)
    q = 0.5003270373238773
    below = [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k]
    high_pass = [1.0, -2.0, 1.0, 1.0, below[1] / below[0], below[2] / below[0]]
    return np.array([np.array(shelf) / shelf[3], high_pass])


def integrated_loudness(samples: NDArray[np.int16], sample_rate: int) -> float:
    """Loudness of a clip; one below 400 ms is a single block.

    Args:
        samples: int16, shape (samples,); 32768 is full scale.
        sample_rate: Hz.

    Returns:
        LUFS; -120 for silence. Where every block is below the absolute gate of -70 LUFS, the
        ungated loudness, so that it can be told how quiet a quiet clip is.
    """
    if len(samples) == 0:
        return QUIETEST_LUFS
    weighted = sosfilt(k_weighting(sample_rate), samples / 32768.0)
    block, hop = (sample_rate * ms // 1000 for ms in (_BLOCK_MS, _HOP_MS))
    energy = np.concatenate([[0.0], np.cumsum(weighted**2)])
    block = min(block, len(samples))
    starts = np.arange(0, len(samples) - block + 1, hop)
    power = np.maximum(energy[starts + block] - energy[starts], 0.0) / block
    loud = power[_lufs(power) > _ABSOLUTE_GATE]
    if len(loud) == 0:
        return float(_lufs(energy[-1:] / len(samples))[0])
    gate = _lufs(loud.mean(keepdims=True)) + _RELATIVE_GATE
    return float(_lufs(loud[_lufs(loud) > gate].mean(keepdims=True))[0])


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    least = 10 ** ((QUIETEST_LUFS - _OFFSET_DB) / 10)
    level: NDArray[np.float64] = _OFFSET_DB + 10 * np.log10(np.maximum(power, least))
    return level
