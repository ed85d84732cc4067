"""The authors' checkpoints on Zenodo, by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.baselines.panns.cnn import CNN14, CNN14_16K, Architecture
from benchmark.baselines.panns.download import fetch
from msssl_common.download import has_checksum
from msssl_common.files import cache_root

RECORD = "https://zenodo.org/record/3987831/files"


@dataclass(frozen=True)
class Official:
    """A published checkpoint.

    Attributes:
        file: Its name on Zenodo.
        checksum: ``algorithm:hexdigits``.
        architecture: Network that it fits.
        mean_average_precision: On AudioSet's evaluation set (in the file's name, and in the paper).
    """

    file: str
    checksum: str
    architecture: Architecture
    mean_average_precision: float

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{RECORD}/{self.file.replace('=', '%3D')}?download=1"


OFFICIAL = {
    "cnn14": Official(
        "Cnn14_mAP=0.431.pth",
        "sha256:0dc499e40e9761ef5ea061ffc77697697f277f6a960894903df3ada000e34b31",
        CNN14,
        0.431,
    ),
    "cnn14-16k": Official(
        "Cnn14_16k_mAP=0.438.pth",
        "md5:362fc5ff18f1d6ad2f6d464b45893f2c",
        CNN14_16K,
        0.438,
    ),
}


def cached_checkpoint(official: Official) -> Path:
    """Path of a published checkpoint in the cache, fetched on first use (about 330 MB).

    Raises:
        DownloadError: It is not there and cannot be fetched.
        ValueError: The file there is another one.
    """
    target = cache_root() / "panns" / official.file
    fetch(official.url, target, official.checksum)
    if not has_checksum(target, official.checksum):
        raise ValueError(f"{target} is not the published file; delete it to fetch it again")
    return target


def recognise(path: Path) -> Official | None:
    """Which published checkpoint a file is, by its content."""
    for official in OFFICIAL.values():
        if has_checksum(path, official.checksum):
            return official
    return None
