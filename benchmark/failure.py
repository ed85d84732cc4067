"""What a table says of a cell that failed."""

from __future__ import annotations

import traceback

from benchmark.in_words import in_words
from benchmark.out_of_memory import is_out_of_memory
from benchmark.printable import printable


def failure_reason(error: Exception, debug: bool) -> str:
    """One line: our own errors are sentences already, others get their type's name.

    Args:
        error: What was raised.
        debug: Whether to print its traceback.
    """
    if debug:
        traceback.print_exception(error)
    message = printable(error)
    if isinstance(error, OSError) or is_out_of_memory(error):
        return in_words(error)
    if message and isinstance(error, ValueError):
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
