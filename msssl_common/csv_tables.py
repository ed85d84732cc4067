"""CSV tables that are safe to open in a spreadsheet, and to read again.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, quoted or
not, and formulas fetch addresses and start programs (OWASP, "CSV Injection"). Where ``;`` parts
cells, as in many countries, such a cell may also begin within a text. An apostrophe before it makes
it a text. Numbers stay numbers, negative ones too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from msssl_common.messages import one_printable_line

FORMULA = re.compile("(^|; ?)(?=['=+\\-@\uff1d\uff0b\uff0d\uff20])")  # full-width ones, too
MADE_TEXT = re.compile("(^|; ?)'(?=['=+\\-@\uff1d\uff0b\uff0d\uff20])")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.ASCII)


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A table with a head; texts pass the gate for foreign text, then `plain_cell`.

    Args:
        columns: Keys of the rows, in order.
        rows: What is absent or None is left empty.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell_of(column) for column in columns])
    writer.writerows([cell_of(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def cell_of(value: object) -> object:
    """What is written for a value: numbers as they are, everything else as `plain_cell`."""
    if value is None or isinstance(value, int | float):
        return value
    return _text_cell(str(value))


@lru_cache(maxsize=4096)  # labels and names of tasks stand in thousands of rows
def _text_cell(text: str) -> str:
    return plain_cell(one_printable_line(text))


def plain_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula; `original_text` undoes it."""
    return text if NUMBER.fullmatch(text) else FORMULA.sub(r"\1'", text)


def original_text(cell: str) -> str:
    """The text that `plain_cell` made a cell from."""
    return MADE_TEXT.sub(r"\1", cell)


def read_csv_table(text: str) -> list[dict[str, str]]:
    """The rows of a table that `csv_table` wrote, with the texts that it was given."""
    rows = csv.DictReader(io.StringIO(text))
    return [
        {original_text(name): original_text(cell) for name, cell in row.items()} for row in rows
    ]
