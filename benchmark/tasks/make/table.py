"""Reading a table of labels: which of its columns are what."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OPTIONAL: Final = ("split", "fold", "group")


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        place: File and line, for messages.
        values: Column's meaning -> text, stripped; "" where the table has no such column.
    """

    place: str
    values: Mapping[str, str]

    def __getitem__(self, meaning: str) -> str:
        return self.values[meaning]

    @property
    def split(self) -> str:
        """What the table calls the clip's split or fold."""
        return self["split"] or self["fold"]


def read_table(path: Path, wanted: tuple[str, ...], columns: Mapping[str, str]) -> Iterator[Row]:
    """Read a CSV file with a header; commas, semicolons or tabs between the values.

    Args:
        path: The file.
        wanted: Meanings of the columns that must be there, e.g. "file" and "label".
        columns: Meaning -> the column's name, where it is not the meaning itself.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not UTF-8 text, or a column that must be there or that was named is not,
            or there are both splits and folds.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should be a table of labels.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text: {error}.") from None
    header = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count), restval="")
    present = [name.strip() for name in table.fieldnames or ()]
    table.fieldnames = present
    names = {meaning: columns.get(meaning, meaning) for meaning in (*wanted, *OPTIONAL)}
    _check(path, names, wanted, columns, present)
    for row in table:
        values = {
            meaning: (row.get(name) or "").strip() if name in present else ""
            for meaning, name in names.items()
        }
        if any(values.values()):
            yield Row(f"{path}, line {table.line_num}", values)


def _check(
    path: Path,
    names: Mapping[str, str],
    wanted: tuple[str, ...],
    columns: Mapping[str, str],
    present: list[str],
) -> None:
    unknown = sorted(columns.keys() - names.keys())
    if unknown:
        raise ValueError(f"There is no column for {unknown[0]!r}; there are {', '.join(names)}.")
    for meaning, name in names.items():
        if name not in present and (meaning in wanted or meaning in columns):
            raise ValueError(
                f"{path} has no column {name!r} (it has {', '.join(present) or 'none'}): say which "
                f"is the {meaning} with --column {meaning}=NAME."
            )
    if names["split"] in present and names["fold"] in present:
        raise ValueError(
            f"{path} has both a column {names['split']!r} and a column {names['fold']!r}: take one "
            "out."
        )
