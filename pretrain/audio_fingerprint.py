"""Fingerprints that survive cutting, gain, coarse quantisation and lossy coding of audio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal import resample_poly

from pretrain.decode import SAMPLE_RATE

DECIMATION = 3  # 16 kHz to 5.3 kHz: only what lies below 2.6 kHz is looked at
WINDOW = 720  # samples after decimation: 135 ms
HOP = 64  # likewise: 12 ms, so that excerpts cut anywhere still line up
HOP_SECONDS = HOP * DECIMATION / SAMPLE_RATE
BITS = 32  # a word: as many differences of neighbouring bands
LOWEST, HIGHEST = 300.0, 2600.0  # Hz
SILENCE = 1e-4  # root mean square of a frame: -80 dB of full scale
FLOOR = 1e-2  # of a frame's mean band energy: what lies deeper is changed by coding
BLOCK = 4096  # frames at once, so that an hour-long recording needs no more memory


def fingerprint(samples: NDArray[np.int16]) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """One 32-bit word every 12 ms of audio at 16 kHz.

    Bit m tells whether log energy falls from band m to m + 1 by more than it did one frame
    before (Haitsma and Kalker 2002, A highly robust audio fingerprinting system, section 4.2,
    there with energies, not their logarithms). Unrelated audio agrees in half of the bits.

    Args:
        samples: int16, shape (samples,), 16 kHz.

    Returns:
        The words, shape (frames,), empty for audio below 150 ms; and whether there was any sound
        in each frame, same shape.
    """
    signal = resample_poly(samples.astype(np.float32) / 32768, 1, DECIMATION).astype(np.float32)
    if len(signal) < WINDOW + HOP:
        return np.zeros(0, np.uint32), np.zeros(0, np.bool_)
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW)[::HOP]
    blocks = [_log_bands(frames[i : i + BLOCK]) for i in range(0, len(frames), BLOCK)]
    slope = np.diff(np.concatenate([bands for bands, _ in blocks]), axis=1)
    bits = slope[1:] < slope[:-1]
    words = np.packbits(bits, axis=1).view(np.uint32)[:, 0]
    loud = np.concatenate([level for _, level in blocks]) > SILENCE
    return words, loud[1:] & loud[:-1]


def _log_bands(frames: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log energies in 33 bands, shape (frames, 33), and root mean squares, shape (frames,)."""
    edges = np.geomspace(LOWEST, HIGHEST, BITS + 2) * WINDOW * DECIMATION / SAMPLE_RATE
    power = np.abs(rfft(frames * np.hanning(WINDOW).astype(np.float32))) ** 2
    bins = np.rint(edges).astype(np.int64)
    energy = np.add.reduceat(power[:, : bins[-1]], bins[:-1], axis=1) / np.diff(bins)
    floor = np.float32(FLOOR) * energy.mean(axis=1, keepdims=True) + np.float32(1e-12)
    return np.log(energy + floor), np.sqrt(np.mean(frames**2, axis=1))
