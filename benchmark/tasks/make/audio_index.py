"""From the name that a table or annotation gives a recording to its file."""

from __future__ import annotations

import difflib
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmark.tasks.make.names import same_form
from msssl_common.audio_folders import AUDIO_SUFFIXES, find_audio_files

CLOSE: Final = 0.8  # difflib's ratio from which a name is worth suggesting
MOST_COMPARED: Final = 2000  # names, as difflib is slow


class AudioIndex:
    """The audio below some folders, found by path, by name, or by name without suffix."""

    def __init__(self, roots: list[Path]) -> None:
        self.roots = roots
        self.not_followed: list[str] = []

    def find(self, name: str) -> Path:
        """The file that a name means.

        A path is tried below each folder; failing that, the last part of it anywhere below them.
        Names that differ in their Unicode form only are the same: an "é" may be one character or
        two.

        Returns:
            The file; a path that does not exist if there is none, to be reported as unreadable.

        Raises:
            ValueError: Several files are meant.
        """
        path = Path(name.replace("\\", "/"))
        for root in self.roots:
            if (root / path).is_file():
                return root / path
        matching = self._by_name.get(same_form(path.name)) or self.called(path.name)
        if len(path.parts) > 1:
            matching = [file for file in matching if _ends_with(file, path)] or matching
        if len(matching) > 1:
            raise ValueError(
                f"{name} could be {matching[0]} or {matching[1]}: give more of its path."
            )
        return matching[0] if matching else self.roots[0] / path

    def called(self, stem: str) -> list[Path]:
        """The files of a name, their suffix aside."""
        return self._by_stem.get(same_form(stem), [])

    def near(self, name: str) -> str | None:
        """The name of a file that is written much like this, in other capitals or with a slip."""
        wanted = Path(name.replace("\\", "/")).name.casefold()
        if known := self._by_letters.get(wanted) or self._by_letters.get(Path(wanted).stem):
            return known
        close = difflib.get_close_matches(wanted, list(self._by_letters)[:MOST_COMPARED], 1, CLOSE)
        return self._by_letters[close[0]] if close else None

    @cached_property
    def _files(self) -> list[Path]:
        found = [find_audio_files(root, AUDIO_SUFFIXES) for root in self.roots]
        self.not_followed += [text for each in found for text in each.not_followed]
        return sorted({file for each in found for file in each.files})

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        index = defaultdict(list)
        for file in self._files:
            index[same_form(file.name)].append(file)
        return index

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        index = defaultdict(list)
        for file in self._files:
            index[same_form(file.stem)].append(file)
        return index

    @cached_property
    def _by_letters(self) -> dict[str, str]:
        index = {file.stem.casefold(): file.name for file in self._files}
        return index | {file.name.casefold(): file.name for file in self._files}


def _ends_with(file: Path, path: Path) -> bool:
    return tuple(map(same_form, file.parts[-len(path.parts) :])) == tuple(
        map(same_form, path.parts)
    )
