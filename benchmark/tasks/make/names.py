"""Names of clips and labels: one Unicode form, no characters that break lines, no endless ones."""

from __future__ import annotations

import difflib
import hashlib
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmark.tasks.make.plan import Label

LONGEST_STEM: Final = 200  # bytes; disks have 255 for a name, of which suffixes take some
LONGEST_LABEL: Final = 200  # characters
LONGEST_TASK: Final = 100  # characters of a task folder's name, which stands in names of results
HASH: Final = 8  # hexadecimal digits
# Control characters, separators of lines and paragraphs, halves of surrogate pairs.
NO_TEXT: Final = frozenset({"Cc", "Zl", "Zp", "Cs"})
RARE: Final = 2  # clips of a label that may be a slip,
FREQUENT: Final = 8  # beside another label with this many times as many clips,
SHORTEST: Final = 4  # of this many letters at least,
CLOSE: Final = 0.8  # and with difflib's ratio from here on
MOST_COMPARED: Final = 100  # labels, as difflib is slow
NO_LABEL: Final = frozenset({"na", "n/a", "nan", "none", "null", "nil", "-", "?"})


def same_form(text: str) -> str:
    """Text in Unicode's composed form: an "é" of two characters becomes that of one."""
    return unicodedata.normalize("NFC", text)


def plain_label(text: str) -> str:
    """A label as it is compared: composed, without blanks around it."""
    return same_form(text).strip()


def check_labels(labels: Iterable[Label]) -> list[str]:
    """Check that labels are lines of text.

    Args:
        labels: The labels of all clips, each as often as it comes.

    Returns:
        Notes on labels that are easily taken for one another, or for none.

    Raises:
        ValueError: A label is empty, too long, or has characters that no line of text has.
    """
    counts = Counter(label for label in labels if isinstance(label, str))
    texts = sorted(counts)
    for label in texts:
        if not label.strip():
            raise ValueError("A label is empty: give every clip a label with letters in it.")
        if len(label) > LONGEST_LABEL:
            raise ValueError(
                f"The label {label[:40]!r}... has {len(label)} characters: shorten it to "
                f"{LONGEST_LABEL}."
            )
        if bad := next((c for c in label if unicodedata.category(c) in NO_TEXT), None):
            raise ValueError(
                f"The label {label!a} has the character U+{ord(bad):04X}, which ends a line "
                "or is no text: rename it."
            )
    groups: dict[str, list[str]] = {}
    for label in texts:
        groups.setdefault(_look(label), []).append(label)
    notes = [_alike(same) for same in groups.values() if len(same) > 1]
    notes += _slips(counts)
    for label in texts:
        if label.casefold() in NO_LABEL:
            notes.append(
                f"The label {label} is a class like any other: leave its rows out if it stands for "
                "no label."
            )
    return notes


def _look(label: str) -> str:
    """What labels share that are easily taken for one another."""
    with suppress(ValueError):
        if math.isfinite(number := float(label)):
            return f"number {number}"
    # Spaces of all widths count as one; characters without a width (Cf), as none.
    text = "".join(c for c in label if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFKC", " ".join(text.split())).casefold()


def _alike(same: Sequence[str]) -> str:
    capitals = len({label.lower() for label in same}) == 1
    why = "differ in capitals only" if capitals else "are easily taken for one another"
    return f"The labels {' and '.join(map(_visible, same))} {why}: they are different classes."


def _slips(counts: Mapping[str, int]) -> list[str]:
    """Notes on labels of a clip or two that are written nearly as a frequent one is."""
    words = {label for label in counts if not any(c.isdigit() for c in label)}
    rare = sorted(label for label in words if counts[label] <= RARE and len(label) >= SHORTEST)
    notes = []
    for label in rare[:MOST_COMPARED]:
        others = [w for w in words if counts[w] >= FREQUENT * counts[label]]
        near = difflib.get_close_matches(label, others, 1, CLOSE)
        if near and near[0].casefold() != label.casefold():
            notes.append(
                f"The label {_visible(label)} ({counts[label]}) is written much like "
                f"{_visible(near[0])} ({counts[near[0]]}): mend it if that is a slip."
            )
    return notes


def _visible(label: str) -> str:
    """A label as it is, or with escapes where it has blanks or characters that cannot be seen."""
    odd = any(unicodedata.category(c) in ("Cf", "Zs") and c != " " for c in label)
    return ascii(label) if odd else label


def check_task_name(folder: str) -> None:
    """Refuse a name that is too long for the names of files that are made of it.

    Raises:
        ValueError: It is.
    """
    if len(folder) > LONGEST_TASK:
        raise ValueError(
            f"The task folder's name would have {len(folder)} characters, but names of results are "
            f"made of it: at most {LONGEST_TASK}."
        )


def unique_stems(files: Sequence[Path], root: Path) -> list[str]:
    """Names for clips: the files' own, or with their folders where those come twice.

    Args:
        files: Audio files.
        root: The folder from which on folders go into the names.
    """
    stems = [clip_stem(file.stem) for file in files]
    if len({stem.casefold() for stem in stems}) == len(stems):
        return stems
    return [clip_stem("_".join(_below(file, root).with_suffix("").parts)) for file in files]


def clip_stem(name: str) -> str:
    """A clip's name that every disk takes: composed, printable, of at most `LONGEST_STEM` bytes.

    One that has to be changed beyond its Unicode form gets a hash, so that two stay two.
    """
    composed = same_form(name)
    stem = "".join("_" if unicodedata.category(c) in NO_TEXT else c for c in composed)
    if stem == composed and len(stem.encode()) <= LONGEST_STEM:
        return stem
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:HASH]
    kept = stem.encode()[: LONGEST_STEM - HASH - 1].decode(errors="ignore")
    return f"{kept}-{digest}"


def _below(file: Path, root: Path) -> Path:
    return (
        file.relative_to(root) if file.is_relative_to(root) else Path(file.parent.name, file.name)
    )
