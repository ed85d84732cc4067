"""What is fuzzed: a reader, good files to begin with, and the exceptions that it documents."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.fuzz.mutation import mutate_bytes


@dataclass(frozen=True)
class Target:
    """A reader of other people's files.

    Attributes:
        read: Reads bytes as a file; gets an empty folder to put it in.
        seeds: Files that it accepts.
        documented: Exceptions that its docstring names; each must come with one printable sentence.
        mutate: Makes another file of one.
    """

    read: Callable[[bytes, Path], object]
    seeds: tuple[bytes, ...]
    documented: tuple[type[Exception], ...]
    mutate: Callable[[bytes, Random], bytes] = mutate_bytes

    def refusal(self, data: bytes, folder: Path) -> str | None:
        """Read: None if the file is taken, else the sentence against it.

        Raises:
            AssertionError: What was said is not one printable line (line breaks, terminal escapes
                and half surrogate pairs of a hostile file must not reach the terminal).
            Exception: Anything that is not documented.
        """
        try:
            self.read(data, folder)
        except self.documented as error:
            sentence = str(error)
            assert sentence, f"{type(error).__name__} without a word"
            assert sentence.isprintable(), f"{type(error).__name__}: {sentence!r}"
            return sentence
        return None
