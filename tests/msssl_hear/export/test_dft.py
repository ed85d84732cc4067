"""The two matrix products give the bands that NumPy's FFT gives, in double precision."""

import numpy as np
import pytest
import torch

from msssl_hear.export.dft import PowerBands, power_bands


def by_products(constants: PowerBands, frame: np.ndarray) -> np.ndarray:
    """What the constants are for: one frame of n_fft samples to its bands."""
    windowed = constants.window * frame.reshape(constants.window.shape)
    real, imaginary = np.split(constants.first @ windowed, 2)
    turned_real = real * constants.twiddle_real - imaginary * constants.twiddle_imaginary
    turned_imaginary = real * constants.twiddle_imaginary + imaginary * constants.twiddle_real
    product = np.concatenate([turned_real, turned_imaginary], axis=1) @ constants.second
    real, imaginary = np.split(product, 2, axis=1)
    return (real**2 + imaginary**2).ravel() @ constants.filters


@pytest.mark.parametrize(
    ("n_fft", "win_length", "hop_length"),
    [
        (512, 400, 160),  # log-mel
        (4096, 3200, 640),  # log-frequency
        (512, 512, 512),
        (400, 400, 150),
        (401, 333, 160),  # prime: no common divisor
        (12, 7, 9),
        (1, 1, 1),
    ],
)
def test_bands_are_those_of_an_fft(n_fft, win_length, hop_length):
    draw = np.random.default_rng(n_fft)
    window = draw.random(win_length) + 0.1
    filters = draw.random((n_fft // 2 + 1, 3))
    filters[n_fft // 3 :, 0] = 0.0
    constants = power_bands(torch.from_numpy(window), n_fft, hop_length, torch.from_numpy(filters))
    assert constants.rows * constants.columns == n_fft
    assert hop_length % constants.columns == 0
    frame = draw.standard_normal(n_fft)
    before = (n_fft - win_length) // 2
    padded = np.pad(window, (before, n_fft - win_length - before))
    expected = np.abs(np.fft.rfft(padded * frame)) ** 2 @ filters
    np.testing.assert_allclose(by_products(constants, frame), expected, rtol=1e-5)


def test_what_no_filter_sees_is_not_computed():
    filters = torch.zeros(257, 2)
    filters[3, 0] = filters[5, 1] = 1.0
    constants = power_bands(torch.ones(512), 512, 160, filters)
    assert constants.second.shape[1] // 2 < constants.columns // 4
    frame = np.cos(2 * np.pi * 3 * np.arange(512) / 512)
    np.testing.assert_allclose(by_products(constants, frame), [256.0**2, 0.0], atol=0.1)
