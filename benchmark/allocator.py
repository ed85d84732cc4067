"""Keep freed memory in the process: glibc otherwise returns every large block to the kernel.

Each step's activations are then faulted in again page by page. That costs a third of the time of
pretraining (70 against 100 crops/s), and more than half of that of heads that are trained together.
"""

from __future__ import annotations

import ctypes
import platform

# Parameters of mallopt(3), from malloc.h.
M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_MAX = -4

TOP_PAD = 256 * 2**20  # bytes asked from the kernel at once


def keep_freed_memory() -> bool:
    """Serve large blocks from the heap and never shrink it; before the first large tensor.

    Returns:
        Whether it was done: on Linux with glibc only.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    mallopt.argtypes, mallopt.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    # No mmap at all rather than a high M_MMAP_THRESHOLD, which older glibc caps at 32 MiB.
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1), (M_TOP_PAD, TOP_PAD))
    return all(mallopt(parameter, value) == 1 for parameter, value in settings)
