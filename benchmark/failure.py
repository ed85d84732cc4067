"""What a table says of a cell that failed."""

from __future__ import annotations

import traceback


def failure_reason(error: Exception, debug: bool) -> str:
    """One line: our own errors are sentences already, others get their type's name.

    Args:
        error: What was raised.
        debug: Whether to print its traceback.
    """
    if debug:
        traceback.print_exception(error)
    message = " ".join(str(error).split())
    if message and isinstance(error, ValueError | OSError):
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
