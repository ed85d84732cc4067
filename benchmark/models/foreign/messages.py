"""Messages to and from the other interpreter: a header and arrays, see ``worker.py``.

Nothing is unpickled, and a header that is wrong is refused before it is believed.

What can go wrong with a module in another interpreter.
"""

from __future__ import annotations

import json
import math
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.models.outputs import HearModuleError

LONGEST_HEADER = 1 << 24  # bytes; facts with thousands of packages take far less
LARGEST_ARRAY = 1 << 36  # bytes
POLL_SECONDS = 0.5  # how often to look whether the other side still lives
WIRE_TYPES = ("<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "|b1")


class NoMessageError(Exception):
    """No whole message came or went: the other side is gone, mute, or says what is no message."""


class Connection:
    """Our end of the socket, with a deadline for every message.

    Args:
        connection: The socket.
        alive: Whether the other side is. Its socket may outlive it in a process that it forked.
    """

    def __init__(self, connection: socket.socket, alive: Callable[[], bool]) -> None:
        self._socket = connection
        self._alive = alive
        self._socket.settimeout(POLL_SECONDS)

    def send(self, header: dict[str, Any], arrays: Sequence[NDArray[Any]], deadline: float) -> None:
        """Send a message.

        Args:
            header: What JSON can say.
            arrays: Arrays of the types on the wire.
            deadline: By ``time.monotonic``.

        Raises:
            NoMessageError: It was not taken.
            TimeoutError: Not until the deadline.
        """
        arrays = [np.ascontiguousarray(array) for array in arrays]
        described = [{"wire": array.dtype.str, "shape": array.shape} for array in arrays]
        text = json.dumps({**header, "arrays": described}).encode()
        self._write(len(text).to_bytes(4, "big") + text, deadline)
        for array in arrays:
            self._write(array.reshape(-1).view(np.uint8).data, deadline)

    def receive(self, deadline: float) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Wait for a message.

        Args:
            deadline: By ``time.monotonic``.

        Raises:
            NoMessageError: None comes any more, or it is none.
            TimeoutError: None came until the deadline.
        """
        length = int.from_bytes(self._read(4, deadline), "big")
        if length > LONGEST_HEADER:
            raise NoMessageError("it sent what is no message")
        try:
            header = json.loads(self._read(length, deadline))
            shapes = [_shape(described) for described in header["arrays"]]
        except (ValueError, TypeError, KeyError) as error:
            raise NoMessageError("it sent what is no message") from error
        arrays = []
        for dtype, shape in shapes:
            data = self._read(dtype.itemsize * math.prod(shape), deadline)
            arrays.append(np.frombuffer(data, dtype).reshape(shape))
        return header, arrays

    def close(self) -> None:
        """Tell the other side that there is no more."""
        self._socket.close()

    def _write(self, data: bytes | memoryview, deadline: float) -> None:
        view, done = memoryview(data), 0
        while done < len(view):
            try:
                done += self._socket.send(view[done:])
            except TimeoutError:
                self._still_waiting(deadline)
            except OSError as error:
                raise NoMessageError("it closed its connection") from error

    def _read(self, size: int, deadline: float) -> bytearray:
        data, done = bytearray(size), 0
        while done < size:
            try:
                count = self._socket.recv_into(memoryview(data)[done:])
            except TimeoutError:
                self._still_waiting(deadline)
                continue
            except OSError as error:
                raise NoMessageError("it closed its connection") from error
            if not count:
                raise NoMessageError("it closed its connection")
            done += count
        return data

    def _still_waiting(self, deadline: float) -> None:
        if not self._alive():
            raise NoMessageError("it closed its connection")
        if time.monotonic() > deadline:
            raise TimeoutError


def _shape(described: dict[str, Any]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    wire, shape = described["wire"], described["shape"]
    good = wire in WIRE_TYPES and all(type(n) is int and 0 <= n < LARGEST_ARRAY for n in shape)
    if not good or math.prod(shape) > LARGEST_ARRAY:
        raise ValueError(f"an array of {wire!r} and {shape!r}")
    return np.dtype(wire), tuple(shape)


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
