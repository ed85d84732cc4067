"""Asking a server for a file: HTTPS, and which failures are worth another try."""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import IO, Final

TIMEOUT: Final = 60.0  # seconds without a byte
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
TRY_AGAIN: Final = (408, 425, 429, 500, 502, 503, 504)  # statuses that may be others next time


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
