"""Messages to and from a worker process: a header and arrays, see ``inside/wire.py``.

Nothing is unpickled, and a header that is wrong is refused before it is believed.

What can go wrong with a module in a worker process.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.models.outputs import HearModuleError

LONGEST_HEADER = 1 << 24  # bytes; facts with thousands of packages take far less
LARGEST_ARRAY = 1 << 36  # bytes
SHARED_BYTES = 3 << 26  # two halves: 8 minutes at 48 kHz take 92 MB; what does not fit is sent
ALIGNMENT = 64  # bytes, of arrays in shared memory
POLL_SECONDS = 0.5  # how often to look whether the other side still lives
AHEAD_BYTES = 1 << 16  # read from the socket at once: many short replies
WIRE_TYPES = ("<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "|b1")


class NoMessageError(Exception):
    """No whole message came or went: the other side is gone, mute, or says what is no message."""


class Connection:
    """Our end of the socket, with a deadline for every message.

    Args:
        connection: The socket.
        alive: Whether the other side is. Its socket may outlive it in a process that it forked.
        shared: Memory that both sides map, for arrays; None where there is none.
    """

    def __init__(
        self, connection: socket.socket, alive: Callable[[], bool], shared: mmap.mmap | None = None
    ) -> None:
        self._socket = connection
        self._shared = shared
        self._alive = alive
        self._socket.settimeout(POLL_SECONDS)
        self._half = 0  # of the shared memory: where audio was placed last
        self._used = [0, 0]  # bytes of each half that audio takes
        self._address = np.frombuffer(shared, np.uint8).ctypes.data if shared is not None else 0
        self._buffer = bytearray(AHEAD_BYTES)
        self._ahead = memoryview(b"")  # the part of it that was received and not read

    def room(self, samples: int) -> NDArray[np.float32] | None:
        """Memory for the audio of the requests to come, which the other side need not be sent.

        The halves of the shared memory take turns: while the other side works on audio in one, the
        next can be written into the other. So what is in there counts until the next but one call.

        Args:
            samples: How many float32 numbers.

        Returns:
            An array of that shape, or None where it does not fit.
        """
        if self._shared is None:
            return None
        half, half_bytes = 1 - self._half, len(self._shared) // 2
        if 4 * samples > half_bytes:
            return None
        self._used[half] = 4 * samples + -4 * samples % ALIGNMENT
        self._half = half
        return np.ndarray((samples,), np.float32, self._shared, half * half_bytes)

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
        room = self._free_room(arrays)
        described, following = self._place(arrays, *room)
        text = json.dumps({**header, "arrays": described, "room": room}).encode()
        self._write(len(text).to_bytes(4, "big") + text, deadline)
        for array in following:
            self._write(array.reshape(-1).view(np.uint8).data, deadline)

    def _free_room(self, arrays: Sequence[NDArray[Any]]) -> tuple[int, int]:
        """Start and end of the shared memory that a request and its replies may write to.

        It is the rest of a half: behind the audio of `room` that the request is about, which may
        hold more than this request's.
        """
        if self._shared is None:
            return 0, 0
        half, half_bytes = self._half, len(self._shared) // 2
        for at in map(self._place_of, arrays):
            if at is not None:
                half = at // half_bytes
        return half * half_bytes + self._used[half], (half + 1) * half_bytes

    def _place_of(self, array: NDArray[Any]) -> int | None:
        """Where an array lies in the shared memory; None for another's."""
        if self._shared is None:
            return None
        at = int(array.ctypes.data) - self._address
        return at if 0 <= at <= len(self._shared) - array.nbytes else None

    def _place(
        self, arrays: Sequence[NDArray[Any]], start: int, end: int
    ) -> tuple[list[dict[str, Any]], list[NDArray[Any]]]:
        """Copy arrays into the shared memory, but those that are there; return those without room.

        Args:
            arrays: Contiguous.
            start: Of the room for them.
            end: Of it.
        """
        described, following = [], []
        for array in arrays:
            at = self._place_of(array)
            if at is None and start + array.nbytes <= end:
                at, start = start, start + array.nbytes + -array.nbytes % ALIGNMENT
                np.copyto(np.ndarray(array.shape, array.dtype, self._shared, at), array)
            elif at is None:
                following.append(array)
            described.append({"wire": array.dtype.str, "shape": array.shape, "at": at})
        return described, following

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
            shapes = [self._shape(described) for described in header["arrays"]]
        except (ValueError, TypeError, KeyError) as error:
            raise NoMessageError("it sent what is no message") from error
        arrays = []
        for dtype, shape, at in shapes:
            if at is not None:  # a copy, because replies to the next request come to this place
                arrays.append(np.ndarray(shape, dtype, self._shared, at).copy())
                continue
            data = self._read(dtype.itemsize * math.prod(shape), deadline)
            arrays.append(np.frombuffer(data, dtype).reshape(shape))
        return header, arrays

    def _shape(
        self, described: dict[str, Any]
    ) -> tuple[np.dtype[Any], tuple[int, ...], int | None]:
        """Type, shape and place of an array, if they can be believed."""
        wire, shape, at = described["wire"], described["shape"], described["at"]
        good = wire in WIRE_TYPES and all(type(n) is int and 0 <= n < LARGEST_ARRAY for n in shape)
        if not good or math.prod(shape) > LARGEST_ARRAY:
            raise ValueError(f"an array of {wire!r} and {shape!r}")
        dtype = np.dtype(wire)
        if at is not None:
            room = len(self._shared) if self._shared is not None else 0
            if type(at) is not int or not 0 <= at <= room - dtype.itemsize * math.prod(shape):
                raise ValueError(f"an array at {at!r}")
        return dtype, tuple(shape), at

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
        data = bytearray(size)
        view, done = memoryview(data), self._take(memoryview(data))
        while done < size:
            if size - done >= AHEAD_BYTES:
                done += self._receive_into(view[done:], deadline)
                continue
            count = self._receive_into(memoryview(self._buffer), deadline)
            self._ahead = memoryview(self._buffer)[:count]
            done += self._take(view[done:])
        return data

    def _take(self, view: memoryview) -> int:
        """Move what was received ahead, as much as there is and fits; how many bytes it is."""
        count = min(len(view), len(self._ahead))
        view[:count], self._ahead = self._ahead[:count], self._ahead[count:]
        return count

    def _receive_into(self, view: memoryview, deadline: float) -> int:
        """Wait for some bytes; how many they are."""
        while True:
            try:
                count = self._socket.recv_into(view)
            except TimeoutError:
                self._still_waiting(deadline)
                continue
            except OSError as error:
                raise NoMessageError("it closed its connection") from error
            if not count:
                raise NoMessageError("it closed its connection")
            return count

    def _still_waiting(self, deadline: float) -> None:
        if not self._alive():
            raise NoMessageError("it closed its connection")
        if time.monotonic() > deadline:
            raise TimeoutError


def shared_memory() -> tuple[int, mmap.mmap] | None:
    """A file descriptor to hand to another process, and the memory behind it, mapped.

    It takes no memory before it is written to, and nobody can make it smaller: reading what is gone
    would kill us. None where the system has no such thing: only Linux does.
    """
    if not hasattr(os, "memfd_create"):
        return None
    import fcntl

    try:
        descriptor = os.memfd_create("msbench", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, SHARED_BYTES)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
        return descriptor, mmap.mmap(descriptor, SHARED_BYTES)
    except OSError:
        return None


class WorkerModuleError(HearModuleError):
    """A whole sentence about a module in a worker process."""


class WorkerRaisedError(Exception):
    """A module in a worker process raised: "RuntimeError: ..." and where its traceback is.

    Args:
        text: The exception's type and message on one line.
        out_of_memory: Whether memory ran out.
    """

    def __init__(self, text: str, out_of_memory: bool = False) -> None:
        super().__init__(text)
        self.out_of_memory = out_of_memory


class WorkerLostError(WorkerRaisedError):
    """The worker process died or hung: "/path/to/python was killed by SIGSEGV; ..."."""
