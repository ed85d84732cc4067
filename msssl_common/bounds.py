"""Bounds of counts and sizes in files that others wrote: nobody's file decides how long we work."""

from __future__ import annotations


def check_count(count: int, most: int, what: str, where: str, end: str = "") -> None:
    """Refuse a count that is out of bounds.

    Args:
        count: How many there are.
        most: How many there may be.
        what: Of what, in the plural: "values of lr", "bytes".
        where: What has them; the sentence begins with it.
        end: A full stop, where the sentence is not put into another.

    Raises:
        ValueError: There are more.
    """
    if count > most:
        raise ValueError(f"{where} has {count:,} {what}: at most {most:,} are allowed{end}")
