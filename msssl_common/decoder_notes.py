"""What libmpg123 notes about damaged MP3 files, kept from the terminal and told as one sentence.

libmpg123, which decodes MP3 for libsndfile, writes lines straight to file descriptor 2 and cannot
be told not to. They hold numbers of the file's bytes, tear progress bars, and name no file.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msssl_common import program
from msssl_common.messages import (
    LONGEST_NAME,
    one_printable_line,
    printable,
    printable_lines,
    say,
)

# The formats that libsndfile does not hand to libmpg123, by their first bytes.
SILENT: Final = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"caff", b"fLaC", b"OggS")
NOTE: Final = re.compile(r"mpg123|^(Note|Warning): ")
# Beside these it warns of sizes in headers that tags behind the audio make wrong.
DAMAGE: Final = re.compile(r"resync|Illegal|Skipped|error|junk", re.IGNORECASE)
SLACK: Final = 2 * 1152  # samples: two frames, which delays of encoders may hide
NAMED: Final = 20  # files of which one process says that they are damaged


class DamagedAudioWarning(UserWarning):
    """An audio file has damaged parts, which its decoder passed over."""


class Heard:
    """What a decoder noted while one file was read; whole when the context has ended.

    Attributes:
        of_interest: Whether the file may be an MP3.
        noted: What the decoder said, as the end of a sentence, or None.
    """

    def __init__(self, of_interest: bool) -> None:
        self.of_interest = of_interest
        self._short: str | None = None
        self.noted: str | None = None

    def gave(self, samples: int, promised: int) -> None:
        """Take how many samples a whole file gave, and how many its header promises.

        Where libmpg123 finds no next frame, it ends without a note.
        """
        if self.of_interest and promised - samples > SLACK:
            self._short = f"gives only {samples} of the {promised} samples that its header promises"

    @property
    def words(self) -> str | None:
        """The end of a sentence about the file, or None if nothing was noted."""
        return ", and ".join(filter(None, (self.noted, self._short))) or None


class _Descriptor:
    """File descriptor 2, which leads to a file of ours while any thread decodes an MP3."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._open = 0  # threads that decode
        self._begun = 0  # how many ever began
        self._alone = False  # one decodes a file again, without others
        self._before = -1  # a copy of the descriptor
        self._file = -1

    @contextmanager
    def listen(self, alone: bool = False) -> Iterator[Callable[[], tuple[str, bool]]]:
        """Yields what gives the text since here, and whether another thread may have caused it.

        Args:
            alone: Whether to wait until no other thread decodes, and to keep them waiting.
        """
        with self._change:
            self._change.wait_for(lambda: not self._alone and not (alone and self._open))
            self._alone = alone
            self._open += 1
            self._begun += 1
            others = self._open > 1
            if not others:
                self._redirect()
            start, begun = os.fstat(self._file).st_size, self._begun

        def heard() -> tuple[str, bool]:
            size = os.fstat(self._file).st_size - start
            text = os.pread(self._file, size, start).decode("utf-8", "replace") if size else ""
            return text, others or self._begun > begun

        try:
            yield heard
        finally:
            with self._change:
                self._open -= 1
                self._alone = False
                if not self._open:
                    self._put_back()
                self._change.notify_all()

    def _redirect(self) -> None:
        if self._file < 0:
            with tempfile.TemporaryFile() as file:
                self._file = os.dup(file.fileno())
        try:
            self._before = os.dup(2)
        except OSError:  # it is closed
            self._before = -1
        os.dup2(self._file, 2)

    def _put_back(self) -> None:
        if self._before < 0:
            os.close(2)
        else:
            os.dup2(self._before, 2)
            os.close(self._before)
        size = os.fstat(self._file).st_size
        if not size:
            return
        # What is no decoder's note is somebody else's, and was only kept for a moment.
        lines = os.pread(self._file, size, 0).decode("utf-8", "replace").splitlines()
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        for line in lines:
            if line.strip() and not NOTE.search(line) and self._before >= 0:
                os.write(2, printable_lines(line + "\n").encode("utf-8", "replace"))


_descriptor = _Descriptor()
_told: set[str] = set()


@contextmanager
def decoder_notes(path: Path, read: Callable[[], object] | None = None) -> Iterator[Heard]:
    """Catch what a decoder notes while a file is read, in any thread.

    Args:
        path: The file.
        read: Reads it once more, alone, where another thread's file may be the damaged one.
    """
    heard = Heard(_may_be_noted(path))
    if not heard.of_interest:
        yield heard
        return
    with _descriptor.listen() as text:
        try:
            yield heard
        finally:
            said, shared = text()
    notes = _notes(said)
    if notes and shared and read is not None:
        with _descriptor.listen(alone=True) as text:
            read()
            notes = _notes(text()[0])
    if notes:
        example = one_printable_line(notes[0], LONGEST_NAME)
        heard.noted = (
            f"has damaged parts, which its decoder passed over ({len(notes)} notes, the first: "
            f"{example})"
        )


def tell(name: object, damage: str | None) -> None:
    """Warn of a damaged file, once; after some files, only that there are more.

    Args:
        name: The file.
        damage: `Heard.words`.
    """
    if damage is None or str(name) in _told or len(_told) > NAMED:
        return
    _told.add(str(name))
    sentence = f"{name} {damage}."
    if len(_told) > NAMED:
        sentence = "More audio files are damaged; they are not named."
    if program.runs():
        say(sentence, err=True)
    else:
        warnings.warn(printable(sentence), DamagedAudioWarning, stacklevel=2)


def _may_be_noted(path: Path) -> bool:
    if not hasattr(os, "pread"):  # Windows
        return False
    if not path.is_file():  # to open a pipe would wait for ever
        return False
    try:
        with path.open("rb") as file:
            return file.read(4) not in SILENT
    except OSError:
        return False


def _notes(text: str) -> list[str]:
    return [line for line in text.splitlines() if NOTE.search(line) and DAMAGE.search(line)]
