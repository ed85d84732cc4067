"""Seeds of the generators that a module may draw from."""

import random
from typing import Any

import numpy as np

LAZY = ("cuda", "xpu", "mtia")
"""Kinds of device that remember a seed until they are first used."""


def seed_all(tensorflow: Any) -> None:
    """Make an untrained model the same at every start: seed what is otherwise seeded by chance.

    That is Python's and numpy's generators, from which Keras takes its seeds, and TensorFlow's;
    torch always starts from the same one. A module that seeds for itself is not touched.
    """
    random.seed(0)
    np.random.seed(0)
    if tensorflow:
        tensorflow.random.set_seed(0)


def seed_torch(torch: Any, again: bool) -> None:
    """Seed torch's generators.

    ``torch.manual_seed`` takes 0.2 ms, as long as a small model's call: it also tells the seed to
    kinds of device that nobody uses. These remember it, so they need to be told once.

    Args:
        torch: The package.
        again: Whether it was done before.
    """
    if again and not _in_use(torch):
        torch.default_generator.manual_seed(0)
    else:
        torch.manual_seed(0)


def _in_use(torch: Any) -> bool:
    mps = getattr(torch.backends, "mps", None)  # absent from torch before 1.12
    if mps is not None and mps.is_available():
        return True
    kinds = (getattr(torch, kind, None) for kind in LAZY)  # an older torch lacks some
    return any(getattr(kind, "is_initialized", bool)() for kind in kinds)
