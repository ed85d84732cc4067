"""Where a task's archive comes from: HEAR's Zenodo records, a mirror, or a folder of archives.

Names, sizes and checksums are read from Zenodo when they are needed. Names follow hear-preprocess
(``TarCorpus`` in pipeline.py), with ``hear2021`` for the version. The record that hear-eval-kit's
README names, 5885750, has a later version, 6332517, with all tasks.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from msssl_common.download import (
    DownloadError,
    FinalError,
    Remote,
    Retries,
    ask,
    is_without_network,
    reason,
)

API: Final = "https://zenodo.org/api/records"
RECORDS: Final = ("6332517", "5885750")
ARCHIVE_RATE: Final = 48000  # Hz, the only one on Zenodo
MAX_RECORD_BYTES: Final = 4 << 20


def archive_name(folder: str) -> str:
    """Name of a task folder's archive, e.g. ``"hear2021-esc50-v2.0.0-full-48000.tar.gz"``."""
    return f"hear2021-{folder}-{ARCHIVE_RATE}.tar.gz"


def archive_url(archive: str) -> str:
    """Where a browser finds an archive."""
    return f"https://zenodo.org/records/{RECORDS[0]}/files/{archive}"


def find_archive(archive: str, retries: Retries) -> Remote:
    """Look an archive up in HEAR's records, the newest first.

    Args:
        archive: Its name.
        retries: How patient to be with Zenodo.

    Raises:
        FileNotFoundError: No record lists it.
        DownloadError: The records cannot be read.
    """
    for record in RECORDS:
        for file in _files(f"{API}/{record}", retries):
            if file.get("key") == archive:
                return _remote(file, record)
    raise FileNotFoundError(
        f"HEAR's Zenodo records ({', '.join(RECORDS)}) list no {archive}: HEAR publishes this task "
        "nowhere else openly; hear-preprocess makes it from the original data set, and so may "
        "`msbench tasks make`."
    )


def _files(url: str, retries: Retries) -> list[dict[str, Any]]:
    """The files that a record lists."""
    try:
        files = json.loads(_read(url, retries))["files"]
        if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise DownloadError(f"{url} is no Zenodo record") from None
    return files


def _read(url: str, retries: Retries) -> bytes:
    failed = 0
    while True:
        try:
            with ask(url, {"Accept": "application/json"}, plain=False) as response:
                return response.read(MAX_RECORD_BYTES)
        except (OSError, http.client.HTTPException) as error:
            failed += 1
            final = isinstance(error, FinalError) or is_without_network(error)
            if final or failed == retries.attempts:
                raise DownloadError(f"{url}: {reason(error)}") from None
            retries.pause(failed, 0.0)


def _remote(file: dict[str, Any], record: str) -> Remote:
    size, checksum = file.get("size"), file.get("checksum")
    links = file.get("links")
    url = links.get("self") if isinstance(links, dict) else None
    name = file["key"]
    return Remote(
        url=url if isinstance(url, str) else f"{API}/{record}/files/{name}/content",
        size=size if isinstance(size, int) else None,
        checksum=checksum if isinstance(checksum, str) and checksum.startswith("md5:") else None,
    )


@dataclass(frozen=True)
class Origin:
    """Where to look; neither given is HEAR's Zenodo record.

    Attributes:
        mirror: URL of a folder with HEAR's archives.
        archives: A local folder with HEAR's archives, of any rate.
    """

    mirror: str | None = None
    archives: Path | None = None

    def __post_init__(self) -> None:
        if self.mirror is not None and self.archives is not None:
            raise ValueError("--mirror and --from exclude each other: archives come from one place")
        if self.mirror is not None and not self.mirror.startswith(("https://", "http://")):
            raise ValueError(
                f"--mirror {self.mirror} is no https:// or http:// URL; a local folder is --from"
            )
        if self.archives is not None and not self.archives.is_dir():
            raise FileNotFoundError(f"--from {self.archives} is not a folder of archives")


def remote_archive(
    folder: str, mirror: str | None, retries: Retries, say: Callable[[str], None]
) -> Remote:
    """Find a task's archive on Zenodo or a mirror, with what Zenodo publishes of it.

    Args:
        folder: Name of the task folder.
        mirror: URL of a folder with HEAR's archives, or None for Zenodo.
        retries: How patient to be with Zenodo; beside a mirror it is asked once.
        say: Takes a line for the user.

    Raises:
        FileNotFoundError: HEAR publishes no such archive.
        DownloadError: Zenodo cannot be asked; a mirror serves without, then with a line that says
            that checksums are not compared.
    """
    archive = archive_name(folder)
    if mirror is None:
        return find_archive(archive, retries)
    url = f"{mirror.rstrip('/')}/{quote(archive)}"
    try:
        remote = find_archive(archive, replace(retries, attempts=1))
        return replace(remote, url=url, plain=True)
    except (DownloadError, FileNotFoundError) as error:
        say(f"{archive}: no checksum to compare with, as Zenodo did not tell ({error})")
        return Remote(url, plain=True)


def local_archive(folder: str, archives: Path, sample_rate: int) -> Path:
    """Find a task's archive in a folder: of the rate wanted, else of the nearest higher one.

    Archives may be called as on Zenodo (``hear2021-{task}-48000.tar.gz``) or as hear-preprocess
    calls them (``hear-2021.0.6-{task}-16000.tar.gz``).

    Raises:
        FileNotFoundError: There is none.
    """
    by_rate: dict[int, Path] = {}
    for path in sorted(archives.glob(f"hear*-{folder}-*.tar.gz")):
        rate = path.name.removesuffix(".tar.gz").rpartition("-")[2]
        if rate.isdecimal() and path.is_file():
            by_rate[int(rate)] = path
    fitting = sorted(rate for rate in by_rate if rate >= sample_rate)
    if fitting:
        return by_rate[fitting[0]]
    archive = archive_name(folder)
    raise FileNotFoundError(
        f"{archives} has no {archive}, nor one of another rate from {sample_rate} Hz on: it is at "
        f"{archive_url(archive)}"
    )
