"""What can go wrong with a module in another interpreter."""

from __future__ import annotations

from benchmark.hear_outputs import HearModuleError


class ForeignModuleError(HearModuleError):
    """A whole sentence about a foreign module."""


class ForeignRaisedError(Exception):
    """A foreign module raised: "RuntimeError: ..." and where its traceback is.

    Args:
        text: The exception's type and message on one line.
        out_of_memory: Whether it was for want of memory.
    """

    def __init__(self, text: str, out_of_memory: bool = False) -> None:
        super().__init__(text)
        self.out_of_memory = out_of_memory


class WorkerLostError(ForeignRaisedError):
    """The other interpreter died or hung: "/path/to/python was killed by SIGSEGV; ..."."""
