"""Which files are to be embedded: files, folders, and lists of both."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from msssl_common.audio_folders import AUDIO_SUFFIXES, find_audio_files


def find_recordings(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Paths of audio files, each once, in the order given; a folder's are sorted.

    Args:
        paths: Files, whatever they are called, and folders, of which every file with an audio
            suffix at any depth is meant; hidden ones are left out.

    Returns:
        Paths as they were given, or below the folder as it was given.

    Raises:
        ValueError: There are none, or a folder has none.
    """
    found: dict[str, None] = {}
    for path in map(Path, paths):
        if os.path.isdir(path):  # noqa: PTH112 -- is_dir raises where a name is too long
            found.update(dict.fromkeys(_audio_below(path)))
        else:  # one that is missing is named with the bad ones: the rest is still to be embedded
            found[str(path)] = None
    if not found:
        raise ValueError("There is nothing to embed: name audio files, or folders of them.")
    return list(found)


def read_list(path: Path) -> list[str]:
    """Paths in a text file, UTF-8, one a line; empty lines do not count.

    A name that is no UTF-8 is one like any other here: it is skipped and named later on.

    Args:
        path: The file; ``-`` is standard input.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no text, or a standard input that is closed.
    """
    if str(path) == "-" and sys.stdin is None:
        raise ValueError("Standard input is closed: --list - reads paths from it.")
    given = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    text = given.decode("utf-8-sig", "surrogateescape")
    if "\0" in text:
        raise ValueError(f"{path} is no UTF-8 text: a list has one path a line.")
    # Not splitlines: a name may have a form feed in it, or U+2028.
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return [line for line in lines if line.strip()]


def _audio_below(folder: Path) -> list[str]:
    found = find_audio_files(folder, AUDIO_SUFFIXES).files
    if not found:
        wanted = ", ".join(sorted(AUDIO_SUFFIXES))
        raise ValueError(f"{folder} has no audio files in it: they end in {wanted}.")
    return [str(path) for path in sorted(found, key=lambda path: path.relative_to(folder).parts)]
