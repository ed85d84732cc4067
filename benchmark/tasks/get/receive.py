"""One connection of a download: ask for the bytes that are missing, and keep those that come."""

from __future__ import annotations

import http.client
import re
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from benchmark.tasks.get.part_file import PartFile
from benchmark.tasks.get.request import FinalError, ask

BLOCK: Final = 1 << 20  # bytes read at once
MAX_BYTES: Final = 200 * 10**9  # of a file whose size nobody states

Advance = Callable[[int, int | None], None]  # bytes done, and in all where that is known


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


def receive(remote: Remote, part: PartFile, advance: Advance) -> bool:
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
