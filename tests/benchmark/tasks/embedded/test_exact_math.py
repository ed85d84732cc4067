"""Against NumPy's own functions, which are right to a bit or two but not the same everywhere."""

import hashlib

import numpy as np
import pytest

from benchmark.tasks.embedded import exact_math
from benchmark.tasks.embedded.fourier import (
    convolved,
    filtered,
    frequencies,
    inverse,
    size_for,
    transform,
)

RANDOM = np.random.default_rng(0)
BITS = "4b867834306ac884eacf4a0306ac2a08ebaa370fafd8195fa46619d94147d1f3"


def test_sine_and_cosine_of_turns() -> None:
    turns = np.linspace(-1000.0, 1000.0, 100_003)
    angle = 2.0 * np.pi * np.remainder(turns, 1.0)
    np.testing.assert_allclose(exact_math.sine(turns), np.sin(angle), atol=3e-11)
    np.testing.assert_allclose(exact_math.cosine(turns), np.cos(angle), atol=3e-11)
    assert exact_math.sine(np.array([0.0, 0.5, 3.0])).tolist() == [0.0, 0.0, 0.0]


def test_powers_and_logarithms_of_two() -> None:
    x = np.linspace(-500.0, 500.0, 100_003)
    np.testing.assert_allclose(exact_math.exp2(x), np.exp2(x), rtol=2e-11)
    y = np.exp2(np.linspace(-60.0, 60.0, 100_003))
    np.testing.assert_allclose(exact_math.log2(y), np.log2(y), atol=1e-11)
    assert exact_math.exp2_of(3.0) == 8.0
    assert exact_math.log2_of(10.0) == pytest.approx(3.321928094887362)


def test_rms() -> None:
    audio = RANDOM.standard_normal(10_001)
    assert exact_math.rms(audio) == pytest.approx(np.sqrt(np.mean(audio**2)), rel=1e-14)


@pytest.mark.parametrize("size", [4, 8, 32, 2048, 32768])
def test_transform_is_the_discrete_fourier_transform(size: int) -> None:
    audio = RANDOM.standard_normal(size - 1)
    real, imaginary = transform(audio, size)
    np.testing.assert_allclose(real + 1j * imaginary, np.fft.fft(audio, size), atol=1e-7)
    np.testing.assert_allclose(inverse((real, imaginary))[: size - 1], audio, atol=1e-8)


def test_filters() -> None:
    audio, response = RANDOM.standard_normal(3000), RANDOM.standard_normal(500)
    expected = np.convolve(audio, response)[:3000]
    np.testing.assert_allclose(convolved(audio, response), expected, atol=1e-6)
    size = size_for(3000)
    assert size == 4096
    gain = RANDOM.random(size // 2 + 1)
    expected = np.fft.irfft(np.fft.rfft(audio, size) * gain, size)[:3000]
    np.testing.assert_allclose(filtered(audio, gain), expected, atol=1e-8)
    np.testing.assert_allclose(frequencies(size)[1:], np.fft.rfftfreq(size, 1 / 16000)[1:])


def test_every_bit_is_the_one_that_every_platform_computes() -> None:
    x = np.arange(-5000.0, 5000.0) / 977.0
    digest = hashlib.sha256()
    for part in (
        exact_math.sine(x),
        exact_math.exp2(x),
        exact_math.log2(x * x + 1e-9),
        np.array([exact_math.rms(x)]),
        *transform(x, 16384),
    ):
        digest.update(part.astype("<f8").tobytes())
    assert digest.hexdigest() == BITS
