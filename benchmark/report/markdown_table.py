"""Tables in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table, the first column to the left and all others to the right.

    Args:
        head: Of the columns; cells may hold Markdown, and ``<br>`` for a new line.
        rows: As long as the head.

    Raises:
        ValueError: A row of another length.
    """
    if any(len(row) != len(head) for row in rows):
        raise ValueError(f"A row of the table has not the {len(head)} columns of its head.")
    rule = "|:--" + "|--:" * (len(head) - 1) + "|"
    return [_line(head), rule, *(_line(row) for row in rows)]


def escape(text: str) -> str:
    """A name or sentence that is nothing but text, on one line, also inside a table's cell."""
    text = " ".join(text.split()).replace("\\", "\\\\")
    return text.replace("|", "\\|").replace("<", "&lt;")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
