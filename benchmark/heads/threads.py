"""How many threads share the work of a training step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

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
