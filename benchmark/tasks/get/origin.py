"""Where a task's archive comes from: HEAR's Zenodo record, a mirror, or a folder of archives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from benchmark.tasks.get import zenodo
from benchmark.tasks.get.download import DownloadError, Retries
from benchmark.tasks.get.receive import Remote


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
    archive = zenodo.archive_name(folder)
    if mirror is None:
        return zenodo.find_archive(archive, retries)
    url = f"{mirror.rstrip('/')}/{quote(archive)}"
    try:
        remote = zenodo.find_archive(archive, replace(retries, attempts=1))
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
    archive = zenodo.archive_name(folder)
    raise FileNotFoundError(
        f"{archives} has no {archive}, nor one of another rate from {sample_rate} Hz on: it is at "
        f"{zenodo.archive_url(archive)}"
    )
