"""Whether an error is for want of memory, whoever raised it."""

from __future__ import annotations

import re

from benchmark.printable import printable

# What torch, its CPU allocator and CUDA's libraries say in a RuntimeError, and OutOfMemoryError is
# one. torch is not imported: commands that do without it answer at once.
SAID = ("out of memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")

ASKED_FOR = re.compile(r"(tried|unable) to allocate [\d.]+ ?\w+", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, NumPy, torch or CUDA had too little memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in said for words in SAID)


def asked_for(error: BaseException) -> str:
    """How much was asked for, if an error for want of memory says so; else all that it says."""
    message = printable(error)
    asked = ASKED_FOR.search(message)
    return asked[0] if asked else message
