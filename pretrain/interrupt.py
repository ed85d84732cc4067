"""Ctrl-C during a training: the step ends, the state is saved, and nothing is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

WAITING = b"\nStopping after this step; Ctrl-C again stops at once, and loses what is not saved.\n"


@contextmanager
def ctrl_c_waits(quiet: bool = False) -> Iterator[threading.Event]:
    """Turn the first Ctrl-C into an event; the second one is a `KeyboardInterrupt`, as ever.

    Only in the main thread, and where nobody else handles SIGINT; elsewhere the event never comes.

    Args:
        quiet: Whether to say nothing of it.
    """
    asked = threading.Event()
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        asked.set()
        if not quiet:
            os.write(2, WAITING)  # a stream might be in the middle of a line of its own

    if ours:
        signal.signal(signal.SIGINT, first)
    try:
        yield asked
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
