"""Fetch one file: resumed where it was cut, tried again with patience, checked before it counts.

Written on ``urllib``: pooch, the usual choice, starts every file anew (it has no Range), and HEAR's
archives have up to tens of gigabytes.
"""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from benchmark.tasks.get.checksum import md5
from benchmark.tasks.get.part_file import PartFile
from benchmark.tasks.get.request import FinalError, ask, is_without_network, reason

BLOCK: Final = 1 << 20  # bytes read at once
MAX_BYTES: Final = 200 * 10**9  # of a file whose size nobody states

Advance = Callable[[int, int | None], None]  # bytes done, and in all where that is known


class DownloadError(OSError):
    """The file cannot be had; the message says why, without the URL."""


@dataclass(frozen=True)
class Remote:
    """A file on a server.

    Attributes:
        url: Where it is.
        size: Its bytes, as published; None if unknown. The server's own word counts less.
        md5: Its checksum, as published; None if unknown.
        plain: Whether ``http`` will do, as for a mirror that the user names.
    """

    url: str
    size: int | None = None
    md5: str | None = None
    plain: bool = False


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
            if _receive(remote, part, advance):
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


def _receive(remote: Remote, part: PartFile, advance: Advance) -> bool:
    """Ask for the bytes that are missing, and append what comes; say whether the file is whole."""
    if remote.size is not None and part.size > remote.size:
        part.discard()
    if part.size and part.size == remote.size:
        return True
    headers = _range(remote, part)
    try:
        response = ask(remote.url, headers, remote.plain)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        return _nothing_after(part, error)
    with response:
        start, total = _extent(response)
        if start != part.size and response.status == 206:
            part.discard()  # another range than asked for: the next try asks for all
            return False
        if response.status != 206:  # the whole file: it changed, or the server knows no ranges
            part.begin(remote.url, _validator(response))
        total = total if remote.size is None else remote.size
        _append(response, part, total, advance)
    return total is None or part.size == total


def _range(remote: Remote, part: PartFile) -> dict[str, str]:
    if not part.size:
        return {}
    validator = part.validator(remote.url)
    if validator is None and remote.md5 is None:
        part.discard()  # nothing would tell whether the next bytes are of the same file
        return {}
    return {"Range": f"bytes={part.size}-"} | ({"If-Range": validator} if validator else {})


def _append(
    response: http.client.HTTPResponse, part: PartFile, total: int | None, advance: Advance
) -> None:
    size, limit = part.size, MAX_BYTES if total is None else total
    with part.path.open("ab") as file:
        while size < limit and (block := response.read1(min(BLOCK, limit - size))):
            _write(file, block, part.path)
            size += len(block)
            advance(size, total)


def _write(file: BinaryIO, block: bytes, path: Path) -> None:
    try:
        file.write(block)
        file.flush()
    except OSError as error:  # a full disk: another try would not help
        raise FinalError(f"{path} cannot be written: {error.strerror}") from None


def _nothing_after(part: PartFile, error: urllib.error.HTTPError) -> bool:
    """Status 416: the server has no byte after those that are here."""
    total = re.fullmatch(r"bytes \*/(\d+)", error.headers.get("Content-Range") or "")
    if total is not None and int(total[1]) == part.size:
        return True
    part.discard()
    return False


def _extent(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """First byte of what comes, and bytes of the whole file, by the server's word."""
    text = response.headers.get("Content-Range") or ""
    if response.status == 206:
        extent = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", text)
        if extent is None:
            return -1, None
        return int(extent[1]), None if extent[2] == "*" else int(extent[2])
    length = response.headers.get("Content-Length") or ""
    return 0, int(length) if length.isdecimal() else None


def _validator(response: http.client.HTTPResponse) -> str | None:
    """What ``If-Range`` may hold (RFC 9110, 13.1.5): a strong ETag, else the date."""
    tag = response.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified")


def _seconds_asked(error: urllib.error.HTTPError) -> float:
    text = error.headers.get("Retry-After") or ""
    return float(text) if text.isdecimal() else 0.0
