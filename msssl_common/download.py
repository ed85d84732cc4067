"""Download one file: resume after cuts, retry with pauses, compare the checksum before it counts.

HTTPS only, except for this machine and a mirror that the user names. Zenodo publishes MD5, which
finds accidents, not attacks.

Written on ``urllib``: pooch, the usual choice, starts every file anew (it has no Range), and some
archives have tens of gigabytes.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final

from msssl_common.files import rename_durably, write_text


@dataclass(frozen=True)
class PartFile:
    """``{target}.part`` with the bytes, ``{target}.part.json`` with where they are from.

    Attributes:
        target: The file's name when it is whole.
    """

    target: Path

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self.target.with_name(f"{self.target.name}.part")

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def _origin(self) -> Path:
        return self.target.with_name(f"{self.target.name}.part.json")

    def begin(self, url: str, validator: str | None) -> None:
        """Drop all bytes, and note where the next ones are from.

        Args:
            url: The file's URL.
            validator: Its ``ETag`` or ``Last-Modified``, for ``If-Range``; None if it has none.
        """
        self.discard()
        write_text(self._origin, json.dumps({"url": url, "validator": validator}))

    def validator(self, url: str) -> str | None:
        """The validator of the bytes so far; None if none is known or they are of another URL."""
        try:
            origin = json.loads(self._origin.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(origin, dict) or origin.get("url") != url:
            return None
        validator = origin.get("validator")
        return validator if isinstance(validator, str) else None

    def discard(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the file its name."""
        rename_durably(self.path, self.target)
        self._origin.unlink(missing_ok=True)


TIMEOUT: Final = 60.0  # seconds without a byte
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
TRY_AGAIN: Final = (408, 425, 429, 500, 502, 503, 504)  # statuses that may be others next time


class DownloadError(OSError):
    """The file cannot be had; the message says why, without the URL."""


class WriteError(DownloadError):
    """The file came, but cannot be written here."""


class WrongBytesError(DownloadError):
    """The file came, but is not what is published; it was deleted."""


class FinalError(OSError):
    """A failure that would be the same at the next try."""


def ask(url: str, headers: Mapping[str, str], plain: bool) -> http.client.HTTPResponse:
    """Send a GET request, following redirects.

    Args:
        url: Where to; ``https``, or ``http`` on this machine or where ``plain`` allows it.
        headers: Further headers.
        plain: Whether ``http`` to other machines will do: for mirrors that the user names.

    Returns:
        The answer, of a status below 300.

    Raises:
        FinalError: A refusal, a redirect loop, no such host, or a URL that we do not open.
        urllib.error.HTTPError: Another status than 2xx that may be different next time, or 416.
        OSError: The connection failed.
    """
    _check_scheme(url, plain)
    request = urllib.request.Request(url, headers={"User-Agent": "msssl-hear", **headers})
    opener = urllib.request.build_opener(_Redirects(plain))
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (*TRY_AGAIN, 416):
            raise
        raise FinalError(_status(error)) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, FinalError):
            raise error.reason from None
        raise
    return response


def reason(error: Exception) -> str:
    """What failed, in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        return _status(error)
    if isinstance(error, urllib.error.URLError):
        return reason(error.reason) if isinstance(error.reason, Exception) else str(error.reason)
    if isinstance(error, TimeoutError):
        return f"no byte for {TIMEOUT:g} s"
    if isinstance(error, socket.gaierror):
        return f"no such host, or no network: {error.strerror or error}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def is_without_network(error: Exception) -> bool:
    """Whether the host's name could not be looked up."""
    return isinstance(getattr(error, "reason", error), socket.gaierror)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, at most ten and never to a URL that ``ask`` would not open."""

    def __init__(self, plain: bool) -> None:
        self.plain = plain

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_scheme(newurl, self.plain)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_scheme(url: str, plain: bool) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or (
        parts.scheme == "http" and (plain or parts.hostname in LOCAL_HOSTS)
    ):
        return
    raise FinalError(f"leads to {url}, and only https is trusted here")


def _status(error: urllib.error.HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"HTTP {error.code}, redirects without an end"
    return f"HTTP {error.code} {error.reason}"


BLOCK: Final = 1 << 20  # bytes read at once
MAX_BYTES: Final = 200 * 10**9  # of a file whose size is not stated

Advance = Callable[[int, int | None], None]  # bytes done, and in all where that is known


@dataclass(frozen=True)
class Remote:
    """A file on a server.

    Attributes:
        url: Where it is.
        size: Its bytes, as published; None if unknown. The server's own word counts less.
        checksum: As published, ``algorithm:hexdigits`` with an algorithm of hashlib; None if
            unknown.
        plain: Whether ``http`` will do, as for a mirror that the user names.
    """

    url: str
    size: int | None = None
    checksum: str | None = None
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
    if validator is None and remote.checksum is None:
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
        raise WriteError(f"{path} cannot be written: {error.strerror}") from None


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


def digest_of(path: Path, algorithm: str) -> str:
    """Digest of a file in hexadecimal digits, by an algorithm of hashlib."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether a file has this checksum, given as ``algorithm:hexdigits``."""
    algorithm, _, digits = checksum.partition(":")
    return digest_of(path, algorithm) == digits


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
    """Download a file unless it is there; a later call resumes an interrupted one.

    Args:
        remote: What to download.
        target: Where to put it; until it is whole and checked, its bytes are in a file beside.
        advance: Called with the bytes so far.
        retries: How patient to be.

    Raises:
        DownloadError: No connection, or a refusal.
        WriteError: The disk is full, or the folder cannot be written to.
        WrongBytesError: It has other bytes than published.
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
            raise WrongBytesError(wrong)
        # Pieces of different files, perhaps: once more, from the start.


def _difference(remote: Remote, part: PartFile) -> str | None:
    """How a whole file, by the server's word, differs from what is published."""
    if remote.size not in (None, part.size):
        return f"it has {part.size:,} bytes, but {remote.size:,} are published; it was deleted"
    if remote.checksum is None:
        return None
    algorithm, _, published = remote.checksum.partition(":")
    found = digest_of(part.path, algorithm)
    if found == published:
        return None
    return f"its {algorithm.upper()} is {found}, but {published} is published; it was deleted"


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
        except WriteError:
            raise
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
