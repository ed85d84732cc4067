"""Random draws in hear-eval-kit's order, so that the same seed gives the same head.

Upstream seeds torch's global generator once per task and lets the stream run on through all grid
points and folds. Initialisation and dropout draw from it, and so do three bystanders whose draws
are repeated here: torchinfo's summary, and every data loader's iterator.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

SUMMARY_ROWS = 64  # rows of the random input that upstream hands to torchinfo.summary


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's global CPU generator, and give the caller's state back afterwards."""
    state = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(state)


def draw_summary_input(size: int) -> None:
    """The draw of ``torchinfo.summary(predictor, input_size=(64, size))``."""
    torch.rand(SUMMARY_ROWS, size)


def draw_loader_seed() -> None:
    """The base seed that the iterator of a ``torch.utils.data.DataLoader`` draws."""
    torch.empty((), dtype=torch.int64).random_()
