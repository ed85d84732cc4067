"""Fetch one file: resumed where it was cut, checked, and put in place only when whole."""

from __future__ import annotations

import hashlib
import http.client
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from msssl_common.files import writing

ATTEMPTS = 5
"""Failures in a row, each without a byte received, before giving up."""

TIMEOUT = 30  # seconds without a byte
BLOCK = 1 << 20  # bytes read at once


class DownloadError(OSError):
    """The file cannot be had; the sentence says why and what to do."""


def fetch(url: str, target: Path, checksum: str) -> None:
    """Download a file, unless it is there already.

    Bytes are kept in ``target`` + ``.part``: a later call goes on where this one was cut.

    Args:
        url: Where from.
        target: Where to; its folder is made.
        checksum: ``algorithm:hexdigits``, algorithm as hashlib names it.

    Raises:
        DownloadError: No connection, or wrong bytes.
        OSError: The file cannot be written.
    """
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    fruitless = 0
    while True:
        before = _size(part)
        try:
            _continue(url, part)
            break
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, OSError) and error.filename == str(part):  # the disk, not the net
                raise
            fruitless = 0 if _size(part) > before else fruitless + 1
            if fruitless < ATTEMPTS and not _is_final(error):
                time.sleep(fruitless)
            else:
                raise DownloadError(
                    f"{url} cannot be fetched ({_reason(error)}); fetch it on a machine with a "
                    f"connection and put it at {target}"
                ) from error
    if not has_checksum(part, checksum):
        part.unlink()
        raise DownloadError(
            f"{url} arrived with other bytes than published (its {checksum.partition(':')[0]} "
            f"differs); they were deleted: try again, or put the right file at {target}"
        )
    part.replace(target)


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether a file has this checksum, given as ``algorithm:hexdigits``."""
    algorithm, _, digits = checksum.partition(":")
    # Against accidents, not attackers: Zenodo publishes MD5 only.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest() == digits


def _continue(url: str, part: Path) -> None:
    """Ask for the bytes that ``part`` lacks, and append them.

    Raises:
        OSError: The connection failed, or ended before the last byte.
    """
    present = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={present}-"} if present else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and present:  # nothing after ``present``: the file is whole, or wrong
            return
        raise
    with response:
        resumed = response.status == 206
        length = int(response.headers.get("Content-Length") or 0)
        with part.open("ab" if resumed else "wb") as file:
            _copy(response, file, length, f"Fetching {part.stem}")
    expected = length + (present if resumed else 0)
    if length and _size(part) < expected:
        raise ConnectionResetError(f"connection closed after {_size(part)} of {expected} bytes")


def _copy(response: http.client.HTTPResponse, file: BinaryIO, length: int, title: str) -> None:
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(title, total=length or None)
        while block := response.read1(BLOCK):
            with writing(Path(file.name)):
                file.write(block)
                file.flush()
            progress.advance(bar, len(block))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_final(error: Exception) -> bool:
    """Answers that will be the same next time: no such page, no such host, nobody listening."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code < 500 and error.code != 429  # 429: too many requests, wait
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return isinstance(reason, socket.gaierror | ConnectionRefusedError)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return str(error) or type(error).__name__
