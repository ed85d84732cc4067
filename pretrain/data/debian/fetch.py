"""Getting the packages: from apt, or from a folder of ``.deb`` files."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from msssl_common.messages import one_printable_line
from pretrain.data.debian.package_list import Package

NO_APT = "apt-get is not here; fetch the packages where it is, and give their folder with --from"


@dataclass(frozen=True)
class Deb:
    """A package on disk.

    Attributes:
        package: The row of the list.
        path: Of the ``.deb``.
        version: Which it has.
    """

    package: Package
    path: Path
    version: str

    @property
    def note(self) -> str:
        """One sentence if it is another version than that of the list, else nothing."""
        if self.version == self.package.version:
            return ""
        return (
            f"{self.package.name}: version {one_printable_line(self.version)} is used, because "
            f"{self.package.version} of the list is not available"
        )


class MissingError(ValueError):
    """A package is not available; the message says why."""


def find_deb(package: Package, folder: Path) -> Deb | None:
    """The package in a folder of ``.deb`` files, the listed version before any other.

    Raises:
        ValueError: The listed version is there with other bytes than Debian's.
    """
    pinned = folder / package.file_name
    if pinned.is_file():
        if _sha256(pinned) != package.sha256:
            raise ValueError(f"{pinned} is damaged or not Debian's (SHA-256); delete it")
        return Deb(package, pinned, package.version)
    others = sorted(folder.glob(f"{package.name}_*_*.deb"))
    if not others:
        return None
    version = unquote(others[-1].name.split("_")[1])
    return Deb(package, others[-1], version)


def fetch_deb(package: Package, folder: Path) -> Deb:
    """Download a package with apt, if it is not there yet: the listed version, else the served one.

    apt compares what comes with the signed list of Debian; the listed version is compared with the
    list's SHA-256 too. No rights of root are needed.

    Raises:
        MissingError: Debian's list here has no such package, or it cannot be downloaded.
        ValueError: What came is not the listed file.
    """
    if (found := find_deb(package, folder)) is not None:
        return found
    complaint = ""
    for wanted in (f"{package.name}={package.version}", package.name):
        complaint = _download(wanted, folder)
        if (found := find_deb(package, folder)) is not None:
            return found
    reason = complaint or "no reason given"
    raise MissingError(f"{package.name}: apt-get cannot download it ({reason})")


def check_apt() -> None:
    """Check that there is an apt-get that knows packages.

    Raises:
        ValueError: There is none.
    """
    if shutil.which("apt-get") is None:
        raise ValueError(NO_APT)


def _download(wanted: str, folder: Path) -> str:
    """Let apt-get put a package into a folder, under a temporary name there; its complaint."""
    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    command = ["apt-get", "download", "--quiet", wanted]
    environment = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(
        command, cwd=part, env=environment, capture_output=True, text=True, errors="replace"
    )
    for path in part.glob("*.deb"):
        if done.returncode == 0:
            path.replace(folder / path.name)
    shutil.rmtree(part, ignore_errors=True)
    errors = [line[2:].strip() for line in done.stderr.splitlines() if line.startswith("E:")]
    return one_printable_line(errors[0]) if done.returncode and errors else ""


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
