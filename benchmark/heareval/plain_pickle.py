"""Read untrusted pickles of lists, strings and numbers without Python's unpickler.

Python's own unpickler can be restricted to no classes, but still allocates gigabytes for a memo
index that takes ten bytes to write. Here only the few opcodes that lists of labels need are read,
all others are refused, and nothing takes more memory than the file holds.

Source: the opcodes' meaning as ``pickletools`` documents it, protocols 2 to 5.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from pathlib import Path


def load_plain_pickle(path: Path, what: str) -> object:
    """Read a pickle that holds nothing but lists, strings and numbers.

    Args:
        path: The file.
        what: What it is for, as the messages say it.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no pickle, or one that holds anything else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should hold {what}.")
    try:
        return _Reader(path.read_bytes()).value()
    except (ValueError, IndexError, KeyError) as error:
        reason = error if isinstance(error, ValueError) else "its parts do not fit together"
        raise ValueError(
            f"{path} ({what}) is not a pickle of plain lists of labels, so it was not used: "
            f"{reason}."
        ) from None


class _Reader:
    """A stack machine for one pickle."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def value(self) -> object:
        """Run the opcodes up to STOP."""
        opcode = self.take(1)
        while opcode != pickle.STOP:
            if opcode not in _OPCODES:
                raise ValueError(f"it has the opcode {opcode!r} at byte {self.place - 1}")
            _OPCODES[opcode](self)
            opcode = self.take(1)
        if len(self.stack) != 1:
            raise ValueError(f"it ends with {len(self.stack)} values")
        return self.stack[0]

    def take(self, count: int) -> bytes:
        """The next bytes."""
        taken = self.data[self.place : self.place + count]
        if len(taken) < count:
            raise ValueError("it ends early")
        self.place += count
        return taken

    def number(self, layout: str) -> int:
        """The next bytes as a number in one of ``struct``'s layouts."""
        number: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return number

    def append(self) -> None:
        """Move the top of the stack to the list below it."""
        self.extend(len(self.stack) - 1)

    def extend(self, start: int) -> None:
        """Move what is on the stack from ``start`` on to the list below it."""
        values = self.stack[start:]
        del self.stack[start:]
        target = self.stack[-1]
        if not isinstance(target, list):
            raise ValueError("it adds to something that is not a list")
        target += values

    def keep(self, place: int) -> None:
        """Give the top of the stack a place in the memo."""
        self.memo[place] = self.stack[-1]


_OPCODES: dict[bytes, Callable[[_Reader], object]] = {
    pickle.PROTO: lambda r: r.take(1),
    pickle.FRAME: lambda r: r.take(8),
    pickle.MARK: lambda r: r.marks.append(len(r.stack)),
    pickle.EMPTY_LIST: lambda r: r.stack.append([]),
    pickle.APPEND: lambda r: r.append(),
    pickle.APPENDS: lambda r: r.extend(r.marks.pop()),
    pickle.MEMOIZE: lambda r: r.keep(len(r.memo)),
    pickle.BINPUT: lambda r: r.keep(r.number("<B")),
    pickle.LONG_BINPUT: lambda r: r.keep(r.number("<I")),
    pickle.BINGET: lambda r: r.stack.append(r.memo[r.number("<B")]),
    pickle.LONG_BINGET: lambda r: r.stack.append(r.memo[r.number("<I")]),
    pickle.SHORT_BINUNICODE: lambda r: r.stack.append(r.take(r.number("<B")).decode()),
    pickle.BINUNICODE: lambda r: r.stack.append(r.take(r.number("<I")).decode()),
    pickle.BININT1: lambda r: r.stack.append(r.number("<B")),
    pickle.BININT2: lambda r: r.stack.append(r.number("<H")),
    pickle.BININT: lambda r: r.stack.append(r.number("<i")),
    pickle.LONG1: lambda r: r.stack.append(pickle.decode_long(r.take(r.number("<B")))),
    pickle.BINFLOAT: lambda r: r.stack.append(r.number(">d")),
}
