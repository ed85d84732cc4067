"""Fetch a checkpoint, with a bar, and say what to do where that fails."""

from __future__ import annotations

from pathlib import Path

from msssl_common.console import byte_bar, make_console
from msssl_common.download import (
    PATIENT,
    DownloadError,
    Remote,
    Retries,
    WriteError,
    WrongBytesError,
    download,
)


def fetch(url: str, target: Path, checksum: str, retries: Retries = PATIENT) -> None:
    """Download a file, unless it is there already; a later call resumes an interrupted one.

    Args:
        url: Where from.
        target: Where to; its folder is made.
        checksum: ``algorithm:hexdigits``, algorithm as hashlib names it.
        retries: How patient to be with the server.

    Raises:
        DownloadError: No connection, wrong bytes, or a disk that refuses them.
    """
    if target.is_file():
        return
    try:
        with byte_bar(make_console(stderr=True), f"Fetching {target.name}") as advance:
            download(Remote(url, checksum=checksum), target, advance, retries)
    except WriteError:
        raise
    except WrongBytesError:
        raise DownloadError(
            f"{url} arrived with other bytes than published (its {checksum.partition(':')[0]} "
            f"differs); they were deleted: try again, or put the right file at {target}"
        ) from None
    except DownloadError as error:
        raise DownloadError(
            f"{url} cannot be fetched ({error}); fetch it on a machine with a connection and put "
            f"it at {target}"
        ) from error
