"""From the name that a table or annotation gives a recording to its file."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from pathlib import Path

from benchmark.tasks.make.class_folders import audio_files


class AudioIndex:
    """The audio below some folders, found by path, by name, or by name without suffix."""

    def __init__(self, roots: list[Path]) -> None:
        self.roots = roots

    def find(self, name: str) -> Path:
        """The file that a name means.

        A path is tried below each folder; failing that, the last part of it anywhere below them.

        Returns:
            The file; a path that does not exist if there is none, to be reported as unreadable.

        Raises:
            ValueError: Several files are meant.
        """
        path = Path(name.replace("\\", "/"))
        for root in self.roots:
            if (root / path).is_file():
                return root / path
        matching = self._by_name.get(path.name) or self.called(path.name)
        if len(path.parts) > 1:
            ending = [file for file in matching if file.parts[-len(path.parts) :] == path.parts]
            matching = ending or matching
        if len(matching) > 1:
            raise ValueError(
                f"{name} could be {matching[0]} or {matching[1]}: give more of its path."
            )
        return matching[0] if matching else self.roots[0] / path

    def called(self, stem: str) -> list[Path]:
        """The files of a name, their suffix aside."""
        return self._by_stem.get(stem, [])

    @cached_property
    def _files(self) -> list[Path]:
        return sorted({file for root in self.roots for file in audio_files(root)})

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        index = defaultdict(list)
        for file in self._files:
            index[file.name].append(file)
        return index

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        index = defaultdict(list)
        for file in self._files:
            index[file.stem].append(file)
        return index
