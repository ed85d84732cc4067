"""Torch's random state and thread count as hear-eval-kit has them, so that equal seeds agree.

Upstream seeds torch's global generator once per task and lets the stream run on through all grid
points and folds. Initialisation and dropout draw from it, and so do two other steps whose draws are
repeated here: torchinfo's summary, and the iterator of every data loader.
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


SHARED_ROWS = 512
"""Rows of a batch from which torch's threads share its work.

Below, waking them costs more than they do: heads on batches of 64 rows trained twice as fast on one
thread as on two. HEAR's batches of 1024 rows are always shared, as upstream does.
"""


@contextmanager
def threads_for(rows: int) -> Iterator[None]:
    """Let one thread do small batches; the number of threads is as before afterwards.

    Args:
        rows: Rows of a batch.
    """
    threads = torch.get_num_threads()
    if rows < SHARED_ROWS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
