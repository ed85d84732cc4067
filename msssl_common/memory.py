"""Keep freed memory in the process: glibc otherwise returns every large block to the kernel.

Each step's activations are then faulted in again page by page. That costs a third of the time of
pretraining (70 against 100 crops/s), and more than half of that of heads that are trained together.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# Parameters of mallopt(3), from malloc.h.
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_THRESHOLD = -3
M_MMAP_MAX = -4

TOP_PAD = 256 * 2**20  # bytes asked from the kernel at once

# No mmap at all rather than a high M_MMAP_THRESHOLD, which older glibc caps at 32 MiB.
KEEP = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1), (M_TOP_PAD, TOP_PAD))
# glibc's own defaults, with its thresholds where they would have moved by themselves by now: the
# first mallopt ends that.
RETURN = (
    (M_MMAP_MAX, 65536),
    (M_MMAP_THRESHOLD, 32 * 2**20),
    (M_TRIM_THRESHOLD, 64 * 2**20),
    (M_TOP_PAD, 0),
)


def keep_freed_memory() -> bool:
    """Serve large blocks from the heap and never shrink it; before the first large tensor.

    Returns:
        Whether it was done: on Linux with glibc only.
    """
    return _set(KEEP)


@contextmanager
def freed_memory_retained() -> Iterator[None]:
    """The same for a while; afterwards, what is free goes back to the kernel."""
    _set(KEEP)
    try:
        yield
    finally:
        if _set(RETURN):
            ctypes.CDLL(None).malloc_trim(0)


def _set(parameters: tuple[tuple[int, int], ...]) -> bool:
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    mallopt.argtypes, mallopt.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    return all(mallopt(parameter, value) == 1 for parameter, value in parameters)
