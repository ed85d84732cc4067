"""Other people's text on one line that a terminal can show."""

from __future__ import annotations


def printable(text: object) -> str:
    r"""Text with white space as single blanks, and what no line can show as ``\x1b`` and the like.

    File names and labels are other people's: a line break in one would split a message, a terminal
    escape would be obeyed, and half a surrogate pair (a name that is no UTF-8) cannot be written.

    Args:
        text: What has a text.
    """
    line = " ".join(str(text).split())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
