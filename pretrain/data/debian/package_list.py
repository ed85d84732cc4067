"""The pinned list of packages, and what kind of sound is in which of their files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Final

KINDS: Final = ("speech", "sounds", "notes", "music", "nature")
LEFT_OUT: Final = "none"  # kind of files that are not taken
EVERY: Final = "*"  # in parts.csv, what holds for all packages after what is said of one
COLUMNS = ("package", "version", "architecture", "bytes", "sha256", "kind", "licence")


@dataclass(frozen=True)
class Package:
    """A row of the list.

    Attributes:
        name: Of the Debian package.
        version: That was looked at.
        architecture: ``all``.
        bytes: Of its ``.deb``.
        sha256: Of its ``.deb``, hex.
        kind: Of its audio, one of ``KINDS``, where ``parts`` say nothing else.
        licence: Of its audio, as its debian/copyright says, in SPDX's words as far as they go.
        parts: Patterns of paths with their kind; the first that fits counts.
    """

    name: str
    version: str
    architecture: str
    bytes: int
    sha256: str
    kind: str
    licence: str
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def file_name(self) -> str:
        """What apt calls the file: colons in the version are escaped."""
        return f"{self.name}_{self.version.replace(':', '%3a')}_{self.architecture}.deb"

    def kind_of(self, path: str) -> str:
        """Kind of one of its audio files; ``none`` for those to leave out."""
        name = str(PurePosixPath(path)).lower()
        for pattern, kind in self.parts:
            if fnmatchcase(name, pattern):
                return kind
        return self.kind


def read_list(only: Sequence[str] = ()) -> list[Package]:
    """The list of this package, by name.

    Args:
        only: Names of the packages that are wanted; all if none are named.

    Raises:
        ValueError: A wanted package is not in the list.
    """
    parts: dict[str, list[tuple[str, str]]] = {}
    for row in _rows("parts.csv"):
        parts.setdefault(row["package"], []).append((row["files"].lower(), row["kind"]))
    packages = [
        Package(
            name=row["package"],
            version=row["version"],
            architecture=row["architecture"],
            bytes=int(row["bytes"]),
            sha256=row["sha256"],
            kind=row["kind"],
            licence=row["licence"],
            parts=tuple(parts.get(row["package"], []) + parts.get(EVERY, [])),
        )
        for row in _rows("packages.csv")
    ]
    if unknown := set(only) - {package.name for package in packages}:
        raise ValueError(f"{min(unknown)!r} is not in the list of packages; see docs/corpus.md")
    return [package for package in packages if not only or package.name in only]


def _rows(name: str) -> list[dict[str, str]]:
    text = files(__package__).joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
