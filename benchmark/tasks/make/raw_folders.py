"""Finding a data set's folders, or the archives that hold them, in what the user gave."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.tasks.make.archive import Progress, is_archive, unpacked

MAX_DEPTH: Final = 4  # folders below a source


@dataclass(frozen=True, kw_only=True)
class RawFolder:
    """A folder of a raw data set and how to tell it.

    Attributes:
        what: What it is, for messages, e.g. ``"the training data"``.
        has: Paths in it that tell it from other folders.
        has_not: Paths that must not be in it.
        named: The folder's name or its last two, e.g. ``"nsynth-train"``; None for any name.
        archive: File name of the archive that holds it.
        url: Where to download the archive.
    """

    what: str
    has: tuple[str, ...]
    has_not: tuple[str, ...] = ()
    named: str | None = None
    archive: str
    url: str

    def is_at(self, folder: Path) -> bool:
        """Whether a folder is this one."""
        if self.named is not None and folder.resolve().name != self.named:
            return False
        return all((folder / path).exists() for path in self.has) and not any(
            (folder / path).exists() for path in self.has_not
        )


@dataclass(frozen=True)
class Sources:
    """What the user gave: folders and archives.

    Attributes:
        paths: Folders and archives.
        scratch: Folder to unpack archives into.
        progress: Makes a progress bar, from what it should say.
    """

    paths: Sequence[Path]
    scratch: Path
    progress: Callable[[str], AbstractContextManager[Progress]]

    def __post_init__(self) -> None:
        for path in self.paths:
            if not path.is_dir() and not is_archive(path):
                raise FileNotFoundError(f"{path} is neither a folder nor a .zip or .tar archive.")

    def find(self, wanted: RawFolder) -> Path:
        """Find a data set's folder in the sources, unpacking archives where need be.

        Unpacked folders are looked at first, then archives of the right name that lie in a folder,
        then the archives that were given, whatever they are called.

        Raises:
            FileNotFoundError: It is nowhere.
        """
        found = next((f for path in self.paths for f in _folders(path) if wanted.is_at(f)), None)
        if found is not None:
            return found
        for archive in self._archives(wanted.archive):
            for folder in _folders(self._unpacked(archive)):
                if wanted.is_at(folder):
                    return folder
        name = "" if wanted.named is None else f" called {wanted.named}"
        raise FileNotFoundError(
            f"{wanted.what} not found in {', '.join(map(str, self.paths))}: expected a "
            f"folder{name} with {', '.join(wanted.has)} in it, or {wanted.archive}; "
            f"download {wanted.url} and give it, or what is in it, with --source."
        )

    def folders(self) -> list[Path]:
        """Every source as a folder: archives unpacked, folders as they are."""
        return [path if path.is_dir() else self._unpacked(path) for path in self.paths]

    def _archives(self, name: str) -> Iterator[Path]:
        for path in self.paths:
            for folder in _folders(path):
                if is_archive(folder / name):
                    yield folder / name
        given = [path for path in self.paths if is_archive(path)]
        yield from sorted(given, key=lambda path: path.name != name)

    def _unpacked(self, archive: Path) -> Path:
        stat = archive.stat()
        key = f"{archive.resolve()} {stat.st_size} {stat.st_mtime_ns}"
        name = f"{archive.name}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        folder = self.scratch / name
        if folder.is_dir():
            return folder
        with self.progress(f"Unpacking {archive.name}") as progress:
            return unpacked(archive, folder, progress)


def _folders(source: Path) -> Iterator[Path]:
    """A folder and those below it, nearest first; nothing for an archive."""
    queue = deque([(source, 0)] if source.is_dir() else [])
    while queue:
        folder, depth = queue.popleft()
        yield folder
        if depth < MAX_DEPTH:
            with os.scandir(folder) as entries:  # no stat for each of 300 000 audio files
                below = [e.name for e in entries if e.is_dir() and not e.name.startswith(".")]
            queue.extend((folder / name, depth + 1) for name in sorted(below))
