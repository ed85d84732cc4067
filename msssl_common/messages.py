"""Errors and foreign text as messages: one printable line that says what, where and what to do."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback

LONGEST = 2000  # characters of a sentence that are shown
LONGEST_PART = 1000  # of a note or a reason, which sentences are made of
LONGEST_NAME = 200  # of a label or a file's name inside a table

# What ends a line, or moves to another place, becomes a blank.
BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")


def printable(text: object, most: int = LONGEST) -> str:
    r"""The one gate for foreign text: nothing of it is obeyed, and it has an end.

    File names, labels, messages of modules and fields of results are foreign text. A line break in
    one would split a message; a terminal would obey an escape sequence, and change the order of
    words for a bidirectional control; half a surrogate pair (a name that is no UTF-8) cannot be
    written; and 5 MB of it would bury the rest. Blanks of all kinds stay as they are.

    Args:
        text: What has a text.
        most: Characters of it that are shown. What is longer loses its middle, whose place says how
            long the whole is.

    Returns:
        One line. What no line can show is written as ``\x1b``, ``\u202e`` and the like.
    """
    text = str(text)
    if len(text) > most:
        size, tail = f"… ({len(text):,} characters) …", most // 5
        # No longer than is allowed, so that it passes a second time as it is.
        return _escaped(text[: most - tail - len(size)]) + size + _escaped(text[-tail:])
    return _escaped(text)


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    text = BREAKS.sub(" ", text)
    return "".join(c if c.isprintable() or c.isspace() else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def one_printable_line(text: object, most: int = LONGEST) -> str:
    """`printable`, and white space of all kinds as single blanks."""
    text = str(text)
    if len(text) > 20 * most:  # what is not shown need not be split
        return _single_blanks(printable(text, most))
    return printable(_single_blanks(text), most)


def _single_blanks(text: str) -> str:
    return " ".join(text.split())


def printable_part(text: object) -> str:
    """A note, or a reason, that will stand in a sentence of ours."""
    return one_printable_line(text, LONGEST_PART)


def printable_name(text: object) -> str:
    """A label, or a file's name, for a place in a table."""
    return one_printable_line(text, LONGEST_NAME)


def printable_lines(text: object) -> str:
    """Every line through the gate, for what may have several."""
    return "\n".join(printable(line) for line in str(text).split("\n"))


def say(text: object, err: bool = False) -> None:
    """Print lines, whatever is in them.

    Args:
        text: What has a text.
        err: Whether to print to the standard error.
    """
    print(printable_lines(text), file=sys.stderr if err else sys.stdout, flush=True)


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
        say("".join(traceback.format_exception(error)), err=True)
    message = printable_part(error)
    if isinstance(error, OSError) or is_out_of_memory(error):
        return printable_part(explain_error(error))
    if message and isinstance(error, ValueError):
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
