"""Sine, exponential and logarithm of which every platform computes the same bits.

IEEE 754 fixes the result of + - * / and sqrt to the last bit, and of nothing else: ``np.sin``,
``np.exp2`` or a BLAS sum give other last bits on another processor, operating system or NumPy.
These are polynomials, one NumPy operation after the other, so that no compiler can fuse a product
and a sum into one rounding. Errors are around 1e-11, five decimal digits below a 16-bit step.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Least squares at Chebyshev nodes: sin(2 pi r) / (r (1/4 - r^2)) in powers of r^2, |r| <= 1/2.
SINE: Final = (
    25.1327412275928,
    -64.8358438074292,
    67.0776074041526,
    -38.5126325179477,
    14.1790955254444,
    -3.6224480395686,
    0.615314960808347,
)
# Taylor series of 2^x: (ln 2)^k / k!.
EXP2: Final = (
    1.0,
    0.6931471805599453,
    0.24022650695910072,
    0.05550410866482158,
    0.009618129107628477,
    0.0013333558146428443,
    0.0001540353039338161,
    1.525273380405984e-05,
    1.3215486790144307e-06,
    1.0178086009239699e-07,
)
# Series of 2 artanh(t) / ln 2 in odd powers of t: 2 / ((2k + 1) ln 2).
LOG2: Final = (
    2.8853900817779268,
    0.9617966939259756,
    0.5770780163555854,
    0.41219858311113244,
    0.3205988979753252,
    0.26230818925253877,
    0.22195308321368667,
)
SQRT_HALF: Final = 0.7071067811865476


def sine(turns: Floats) -> Floats:
    """Sine of an angle in turns (1 is a full circle), any shape."""
    r = turns - np.rint(turns)
    square = r * r
    value = _polynomial(SINE, square)
    np.subtract(0.25, square, out=square)
    value *= square
    value *= r
    return value


def cosine(turns: Floats) -> Floats:
    """Cosine of an angle in turns."""
    return sine(turns + 0.25)


def exp2(x: Floats) -> Floats:
    """Two to the power of each element, |x| < 1000."""
    whole = np.rint(x)
    return np.asarray(np.ldexp(_polynomial(EXP2, x - whole), whole.astype(np.int32)))


def log2(x: Floats) -> Floats:
    """Logarithm to base two of each element, all above zero."""
    mantissa, exponent = np.frexp(x)  # mantissa in [1/2, 1)
    t = (mantissa - SQRT_HALF) / (mantissa + SQRT_HALF)
    return np.asarray(exponent - 0.5 + t * _polynomial(LOG2, t * t))


def exp2_of(x: float) -> float:
    """``exp2`` of one number."""
    return float(exp2(np.array([x]))[0])


def log2_of(x: float) -> float:
    """``log2`` of one number."""
    return float(log2(np.array([x]))[0])


def rms(audio: Floats) -> float:
    """Root mean square; ``fsum`` rounds once, whereas the order of ``np.sum`` is NumPy's own."""
    return math.sqrt(math.fsum((audio * audio).tolist()) / audio.size)


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    value = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value *= x
        value += coefficient
    return value
