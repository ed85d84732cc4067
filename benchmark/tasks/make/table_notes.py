"""What a user should know of a table of labels: columns and audio that it left unused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msssl_common.audio_folders import AUDIO_SUFFIXES

LISTED: Final = 3  # columns in a message
DURATIONS: Final = ("duration", "length", "dur", "seconds")
FEW: Final = 2  # clips of a value, on average, from which on it may be what clips share


def no_column(meaning: str, present: Sequence[str]) -> str:
    """What to do about a column that is not there.

    Args:
        meaning: What the column would be, e.g. "file".
        present: Names of the columns that are there.
    """
    if any(name.lower().endswith(tuple(AUDIO_SUFFIXES)) for name in present):
        return f"its first line must have the names of the columns, one of them {meaning!r}"
    hint = f"say which is the {meaning} with --column {meaning}=NAME"
    if meaning == "offset" and any(name.lower() in DURATIONS for name in present):
        return f"{hint}; where there are durations, add a column of onset + duration"
    return hint


def unused_columns(rows: Sequence[tuple[tuple[str, ...], Mapping[str, str]]]) -> list[str]:
    """Columns that may say which clips belong together, such as those of a speaker.

    Splits that are drawn without groups put clips of one speaker into training and test, and
    scores come out too high. So a column is named whose values come back in other clips, unless
    each label has one value only, as with the number of a class.

    Args:
        rows: The labels of each clip, and its unused columns.

    Returns:
        One note, or none.
    """
    found = {}
    for name in rows[0][1] if rows else ():
        pairs = {(label, columns[name]) for label, columns in rows if columns[name]}
        values = {value for _, value in pairs}
        labels = {label for label, _ in pairs}
        if 1 < len(values) <= len(rows) / FEW and len(pairs) > len(labels):
            found[name] = len(values)
    if not found:
        return []
    likely = sorted(found, key=lambda name: -found[name])
    columns, it = ("columns", "one of them") if len(found) > 1 else ("column", "it")
    return [
        f"Unused {columns}: {', '.join(likely[:LISTED])}. If {it} says which clips belong together "
        f"(a speaker, a recording), keep them in one split with --column group={likely[0]}."
    ]


def unlisted_audio(found: Iterable[Path], used: Collection[Path]) -> list[str]:
    """How many audio files below the sources the table does not list.

    Args:
        found: Audio files below the sources.
        used: The files of the table's clips.
    """
    known = set(used)
    left = [path for path in found if path not in known]
    if left:  # by another path, through a link, perhaps
        known = {path.resolve() for path in used}
        left = [path for path in left if path.resolve() not in known]
    if not left:
        return []
    those, are = ("files", "are") if len(left) > 1 else ("file", "is")
    return [f"{len(left)} audio {those} below the sources {are} not in the table, and left out."]
