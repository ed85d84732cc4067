"""Fetch one file: resumed where it was cut, tried again with patience, checked before it counts.

Written on ``urllib``: pooch, the usual choice, starts every file anew (it has no Range), and HEAR's
archives have up to tens of gigabytes.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.tasks.get.checksum import md5
from benchmark.tasks.get.part_file import PartFile
from benchmark.tasks.get.receive import Advance, Remote, receive
from benchmark.tasks.get.request import FinalError, is_without_network, reason


class DownloadError(OSError):
    """The file cannot be had; the message says why, without the URL."""


@dataclass(frozen=True)
class Retries:
    """How patient to be with a server.

    Attributes:
        attempts: Tries in a row that bring no byte further, before giving up.
        wait: Seconds before the second try; doubled for each further one.
        longest_wait: The longest pause, in seconds, also where the server asks for more.
    """

    attempts: int = 6
    wait: float = 1.0
    longest_wait: float = 60.0

    def pause(self, fruitless: int, asked: float) -> None:
        """Wait after a number of tries in a row, or for as long as the server asks."""
        doubled = self.wait * 2 ** max(0, fruitless - 1)
        time.sleep(min(self.longest_wait, max(doubled, asked)))


PATIENT: Final = Retries()


def download(remote: Remote, target: Path, advance: Advance, retries: Retries = PATIENT) -> None:
    """Download a file unless it is there; a later call goes on where an earlier one was stopped.

    Args:
        remote: What to download.
        target: Where to put it; until it is whole and checked, its bytes are in a file beside.
        advance: Called with the bytes so far.
        retries: How patient to be.

    Raises:
        DownloadError: No connection, a refusal, or other bytes than published.
    """
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = PartFile(target)
    for last in (False, True):
        resumed = _receive_all(remote, part, advance, retries)
        wrong = _difference(remote, part)
        if wrong is None:
            part.finish()
            return
        part.discard()
        if last or not resumed:
            raise DownloadError(wrong)
        # Pieces of different files, perhaps: once more, from the start.


def _difference(remote: Remote, part: PartFile) -> str | None:
    """How a whole file, by the server's word, differs from what is published."""
    if remote.size not in (None, part.size):
        return f"it has {part.size:,} bytes, but {remote.size:,} are published; it was deleted"
    if remote.md5 is None or (found := md5(part.path)) == remote.md5:
        return None
    return f"its MD5 is {found}, but {remote.md5} is published; it was deleted"


def _receive_all(remote: Remote, part: PartFile, advance: Advance, retries: Retries) -> bool:
    """Receive all bytes that are missing, in as many connections as it takes.

    Returns:
        Whether the file came in several pieces.
    """
    fruitless, furthest = 0, part.size
    resumed = furthest > 0
    while True:
        asked = 0.0
        try:
            if receive(remote, part, advance):
                return resumed
            failure: Exception = ConnectionError(f"cut off after {part.size:,} bytes")
        except FinalError as error:
            raise DownloadError(reason(error)) from None
        except urllib.error.HTTPError as error:
            failure, asked = error, _seconds_asked(error)
        except (OSError, http.client.HTTPException) as error:
            failure = error
        resumed = resumed or part.size > 0
        fruitless = fruitless + 1 if part.size <= furthest else 0
        furthest = max(furthest, part.size)
        if fruitless >= retries.attempts or (furthest == 0 and is_without_network(failure)):
            raise DownloadError(reason(failure)) from None
        retries.pause(fruitless, asked)


def _seconds_asked(error: urllib.error.HTTPError) -> float:
    text = error.headers.get("Retry-After") or ""
    return float(text) if text.isdecimal() else 0.0
