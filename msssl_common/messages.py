"""Errors and foreign text as messages: one printable line that says what, where and what to do."""

from __future__ import annotations

import errno
import os
import re
import traceback


def one_printable_line(text: object) -> str:
    r"""Text with white space as single blanks, and what no line can show as ``\x1b`` and the like.

    File names and labels are foreign text: a line break in one would split a message, a terminal
    escape would be obeyed, and half a surrogate pair (a name that is no UTF-8) cannot be written.

    Args:
        text: What has a text.
    """
    line = " ".join(str(text).split())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


# What torch, its CPU allocator and CUDA's libraries say in a RuntimeError, and OutOfMemoryError is
# one. torch is not imported: commands that do without it answer at once.
SAID = ("out of memory", "can't allocate memory", "cannot allocate memory", "alloc_failed")

ASKED_FOR = re.compile(r"(tried|unable) to allocate [\d.]+ ?\w+", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, NumPy, torch or CUDA had too little memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in said for words in SAID)


def requested_memory(error: BaseException) -> str:
    """How much memory was asked for, if an error says so; else the whole message."""
    message = one_printable_line(error)
    asked = ASKED_FOR.search(message)
    return asked[0] if asked else message


RESUME = "then run the same command again to resume"
NO_RIGHT = "change its permissions, or name another folder"
ADVICE = {
    errno.ENOSPC: f"make room there, {RESUME}",
    errno.EDQUOT: f"make room there, {RESUME}",
    errno.EFBIG: f"raise the limit on the size of files (ulimit -f), {RESUME}",
    errno.EROFS: "name another folder, or mount this one writable",
    errno.EACCES: NO_RIGHT,
    errno.EPERM: NO_RIGHT,
    errno.ENOENT: f"put it there, {RESUME}",
    errno.EMFILE: f"raise the limit on open files (ulimit -n), {RESUME}",
    errno.EIO: f"check the disk, {RESUME}",
}
MEMORY = f"not enough memory{{}}: close other programs or take a larger machine, {RESUME}"


def explain_error(error: BaseException) -> str:
    """An error as one printable line.

    Errors of the system get their file and an advice, errors of memory an advice. Messages of our
    own are sentences already.

    Args:
        error: What was raised.
    """
    if isinstance(error, OSError) and error.errno and error.strerror:
        files = " to ".join(one_printable_line(os.fsdecode(f)) for f in _files(error))
        advice = ADVICE.get(error.errno)
        what = ": ".join([*([files] if files else []), error.strerror])
        return f"{what}; {advice}" if advice else what
    message = one_printable_line(error)
    if is_out_of_memory(error) and "resume" not in message:
        asked = requested_memory(error)
        return MEMORY.format(f" ({asked})" if asked else "")
    return message or type(error).__name__


def _files(error: OSError) -> list[str | bytes]:
    return [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]


def reason_for_cell(error: Exception, debug: bool) -> str:
    """One line: our own errors are sentences already, others get their type's name.

    Args:
        error: What was raised.
        debug: Whether to print its traceback.
    """
    if debug:
        traceback.print_exception(error)
    message = one_printable_line(error)
    if isinstance(error, OSError) or is_out_of_memory(error):
        return explain_error(error)
    if message and isinstance(error, ValueError):
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
