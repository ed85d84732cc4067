"""Worker processes that end with whoever started them, however that one ends."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import parent_process


def follow_parent() -> None:
    """Let a worker leave Ctrl-C to its parent, and end when that was killed, not wait for ever.

    An initialiser for ``ProcessPoolExecutor``: workers wait on a pipe that they hold open
    themselves, and would outlive kill -9.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        if parent := parent_process():
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
