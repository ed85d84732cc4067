"""Precision of upstream's numbers."""

from __future__ import annotations

import numpy as np


def as_logged(name: str, score: float) -> float:
    """A score as Lightning's ``self.log`` keeps it, in validations as in test results.

    A Python float becomes a float32 tensor; heareval's d_prime is a NumPy float64 and stays one.
    """
    return score if name == "d_prime" else float(np.float32(score))
