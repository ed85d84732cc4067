"""Audio files below a folder, links followed; what cannot be followed is named, never dropped."""

from __future__ import annotations

import os
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

AUDIO_SUFFIXES: Final = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".w64", ".caf"}
)
MOST_FOLDERS: Final = 200_000
"""Folders looked into at most. Links that lead into each other can make more than any disk has."""


@dataclass
class AudioFiles:
    """What lies below a folder.

    Attributes:
        files: Everything that is called like audio and is no folder, in no special order: also
            pipes, and links to nowhere, for the reader to refuse by name.
        not_followed: A sentence for each link that was not followed.
    """

    files: list[Path] = field(default_factory=list)
    not_followed: list[str] = field(default_factory=list)


def find_audio_files(root: Path, suffixes: Set[str]) -> AudioFiles:
    """Find audio below a folder by its suffix; hidden files and folders are left out.

    A link to a folder is followed like the folder itself, unless it leads back to a folder that it
    lies in.

    Args:
        root: The folder.
        suffixes: Lower case, with the dot.

    Raises:
        OSError: A folder cannot be opened.
        ValueError: Links lead to more folders than can be meant.
    """
    found = AudioFiles()
    start = root.stat()
    waiting = [(str(root), frozenset({(start.st_dev, start.st_ino)}))]
    looked_into = 0
    while waiting:
        looked_into += 1
        if looked_into > MOST_FOLDERS:
            raise ValueError(
                f"{root} has more than {MOST_FOLDERS} folders below it: links in it lead into each "
                "other, so give the folders with the audio themselves."
            )
        folder, above = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "__MACOSX")):
                    continue
                if _is_folder(entry):
                    _look_below(entry, above, waiting, found)
                elif os.path.splitext(entry.name)[1].lower() in suffixes:  # noqa: PTH122 -- speed
                    found.files.append(Path(entry.path))
                elif entry.is_symlink() and not Path(entry.path).exists():
                    leads = Path(entry.path).readlink()
                    found.not_followed.append(
                        f"{entry.path} is a link to {leads}, which is not there."
                    )
    found.not_followed.sort()
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


Identity = tuple[int, int]  # device and inode


def _look_below(
    entry: os.DirEntry[str],
    above: frozenset[Identity],
    waiting: list[tuple[str, frozenset[Identity]]],
    found: AudioFiles,
) -> None:
    status = entry.stat()
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        found.not_followed.append(
            f"{entry.path} is a link to a folder that it lies in: not followed."
        )
    else:
        waiting.append((entry.path, above | {identity}))
