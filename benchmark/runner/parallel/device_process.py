"""A process that does tasks on one device of this machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from benchmark.runner.parallel.tasks import Outcome, Place, do
from msssl_common.devices import VISIBLE, visible_devices
from msssl_common.workers import exit_with_parent, main_left_out

GRACE_SECONDS = 10.0  # to end: its modules' processes end first


class ProcessLostError(Exception):
    """A device's process died over a task; the message says how, in a few words."""


class DeviceProcess:
    """Does tasks in a process of its own, which is started anew after it died.

    Of CUDA's devices it sees its own alone, as ``cuda``: nothing in it can take another by mistake,
    and what it writes is what a run on one device writes.

    Args:
        device: ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.

    Attributes:
        device: The same.
        last: What the last task was about, which the process still holds.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        self.last: object = None
        self._process: BaseProcess | None = None
        self._connection: Connection

    def do(
        self, place: Place, function: Callable[..., object], arguments: tuple[object, ...]
    ) -> Outcome:
        """Do a task, see `benchmark.runner.parallel.tasks.do`; waits for it.

        Raises:
            ProcessLostError: The process died.
        """
        if self._process is None:
            self._start()
        try:
            self._connection.send((place, function, arguments))
            outcome: Outcome = self._connection.recv()
        except (EOFError, OSError) as error:
            raise ProcessLostError(self._death()) from error
        return outcome

    def dismiss(self) -> None:
        """Let the process end when it has done what it is at."""
        if self._process is not None:
            self._connection.close()

    def close(self) -> None:
        """End the process, and wait for it."""
        self.dismiss()
        if self._process is not None:
            self._process.join(GRACE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process at once. The processes of its modules see that and end, too."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _start(self) -> None:
        context = get_context("spawn")  # CUDA does not survive a fork
        self._connection, theirs = context.Pipe()
        arguments = (theirs, visible_devices([self.device]))
        self._process = context.Process(
            target=serve, args=arguments, name=f"msbench-{self.device}", daemon=False
        )
        with main_left_out():
            self._process.start()
        theirs.close()
        self.last = None

    def _death(self) -> str:
        process = self._process
        if process is None:
            return "its process was ended"
        process.join(GRACE_SECONDS)
        code = process.exitcode
        self.kill()
        with suppress(ValueError):
            if code is not None and code < 0:
                return f"its process was killed by {signal.Signals(-code).name}"
        return f"its process ended with exit status {code}"


def serve(connection: Connection, visible: str | None) -> None:
    """Do tasks until there are no more; the process's main function.

    Args:
        connection: Tasks come through it, outcomes go.
        visible: The CUDA device to see; CUDA reads it when it is first used, which is later.
    """
    if visible is not None:
        os.environ[VISIBLE] = visible
    exit_with_parent()
    with suppress(EOFError):  # no more
        while True:
            place, function, arguments = connection.recv()
            connection.send(do(place, function, *arguments))
