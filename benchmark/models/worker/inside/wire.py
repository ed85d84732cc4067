"""Messages between a worker and the benchmark.

A message is a header's length (4 bytes, big-endian), the header (JSON, UTF-8) and the arrays that
``header["arrays"]`` describes by "wire" (float32 little-endian is "<f4"), "shape" and "at": where
it is in the memory of descriptor SHARED, which both sides map, or null for one that follows through
the socket. ``header["room"]`` of a request is the part of that memory, start and end, that its
replies may write to, one behind the other. Nothing is pickled.

A call with several arrays is so many calls. Each has a reply as soon as it is done. Those behind
one that failed are not made, nor those that are not begun when the next request comes.
"""

import mmap
import os
import socket
from json import dumps, loads  # bound here: a module may put others in their place
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

ALIGNMENT = 64  # bytes, of arrays in shared memory


def receive(connection: socket.socket, shared: Any) -> Optional[Tuple[Dict[str, Any], List[Any]]]:
    """The next request and its arrays; None when the benchmark is done.

    Args:
        connection: The socket.
        shared: Shared memory, or None.
    """
    start = _read(connection, 4)
    if start is None:
        return None
    header = loads((_read(connection, int.from_bytes(start, "big")) or b"").decode("utf-8"))
    arrays = []
    for described in header["arrays"]:
        dtype, shape, at = np.dtype(described["wire"]), described["shape"], described["at"]
        if at is None:
            data = _read(connection, dtype.itemsize * int(np.prod(shape)))
            arrays.append(np.frombuffer(data or b"", dtype).reshape(shape))
        else:
            arrays.append(np.ndarray(shape, dtype, shared, at))
    return header, arrays


def own(array: Any, shared: Any) -> Any:
    """An array out of shared memory, which takes other audio after the next request."""
    return array.copy() if array is not None and array.base is shared else array


def is_asked(connection: socket.socket) -> bool:
    """Whether the next request is coming, or the benchmark is gone."""
    try:
        connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return True


def _read(connection: socket.socket, size: int) -> Optional[bytearray]:
    data = bytearray(size)  # torch wants audio that could be written to
    view, done = memoryview(data), 0
    while done < size:
        count = connection.recv_into(view[done:])
        if not count:
            return None
        done += count
    return data


def send(
    connection: socket.socket,
    shared: Any,
    header: Dict[str, Any],
    arrays: List[Any],
    room: Sequence[int] = (0, 0),
) -> int:
    """Send a message: arrays in shared memory as far as they fit, the others behind the header.

    Args:
        connection: The socket.
        shared: Shared memory, or None.
        header: What JSON can say.
        arrays: Arrays of the types on the wire.
        room: Start and end of the shared memory that may be written to.

    Returns:
        Where the rest of it starts.
    """
    arrays = [array.astype(array.dtype.newbyteorder("<"), copy=False) for array in arrays]
    start, end = room
    described, following = [], []
    for array in arrays:
        at = start if shared is not None and start + array.nbytes <= end else None
        if at is None:
            following.append(array)
        else:
            np.copyto(np.ndarray(array.shape, array.dtype, shared, at), array)
            start = at + array.nbytes + -array.nbytes % ALIGNMENT
        described.append({"wire": array.dtype.str, "shape": list(array.shape), "at": at})
    text = dumps({**header, "arrays": described}).encode("utf-8")
    connection.sendall(len(text).to_bytes(4, "big") + text)
    for array in following:
        connection.sendall(array.tobytes())
    return start


def shared_memory(descriptors: List[str]) -> Any:
    """The memory that the benchmark shares with this process, or None."""
    if not descriptors:
        return None
    descriptor = int(descriptors[0])
    memory = mmap.mmap(descriptor, os.fstat(descriptor).st_size)
    os.close(descriptor)
    return memory
