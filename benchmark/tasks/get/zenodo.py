"""What HEAR's Zenodo records offer: names, sizes and checksums, read when they are needed.

Names follow hear-preprocess (``TarCorpus`` in pipeline.py), with ``hear2021`` for the version. The
record that hear-eval-kit's README names, 5885750, has a later version, 6332517, with all tasks.
"""

from __future__ import annotations

import http.client
import json
from typing import Any, Final

from benchmark.tasks.get.download import DownloadError, Retries
from benchmark.tasks.get.receive import Remote
from benchmark.tasks.get.request import FinalError, ask, is_without_network, reason

API: Final = "https://zenodo.org/api/records"
RECORDS: Final = ("6332517", "5885750")
SAMPLE_RATE: Final = 48000  # Hz, the only one on Zenodo
MAX_RECORD_BYTES: Final = 4 << 20


def archive_name(folder: str, sample_rate: int = SAMPLE_RATE) -> str:
    """Name of a task folder's archive, e.g. ``"hear2021-esc50-v2.0.0-full-48000.tar.gz"``."""
    return f"hear2021-{folder}-{sample_rate}.tar.gz"


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
        md5=checksum[4:] if isinstance(checksum, str) and checksum.startswith("md5:") else None,
    )
