"""Miniature packages, put together byte by byte as deb(5) and tar say."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import soundfile

from pretrain.data.debian.package_list import Package
from pretrain.data.pack.codec import with_serial

PACKERS = {".xz": lzma.compress, ".gz": gzip.compress, "": bytes}


def tar_of(files: Mapping[str, bytes], extra: Iterable[tarfile.TarInfo] = ()) -> bytes:
    """A tar archive of files, and of members without data (links, devices)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for info in extra:
            tar.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def ar_member(name: str, data: bytes) -> bytes:
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
    return header + data + b"\n" * (len(data) % 2)


def deb_of(tar: bytes, packer: str = ".xz") -> bytes:
    """A package around a tar archive."""
    control = gzip.compress(tar_of({"./control": b"Package: mini\n"}), mtime=0)
    members = [
        ar_member("debian-binary", b"2.0\n"),
        ar_member("control.tar.gz", control),
        ar_member("data.tar" + packer, PACKERS[packer](tar)),
    ]
    return b"!<arch>\n" + b"".join(members)


def write_package(
    folder: Path, name: str, files: Mapping[str, bytes], kind: str, version: str = "1:1.0-1"
) -> Package:
    """Write a package's file into a folder; the row of the list that it belongs to."""
    data = deb_of(tar_of(files), "")  # xz takes seconds for noise
    package = Package(
        name, version, "all", len(data), hashlib.sha256(data).hexdigest(), kind, "CC0-1.0"
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / package.file_name).write_bytes(data)
    return package


def noise(seconds: float, seed: int, rate: int = 16000) -> np.ndarray:
    """Noise whose colour changes: two of them are no near duplicates."""
    draw = np.random.default_rng(seed)
    return (draw.standard_normal(int(seconds * rate)) * 3000).astype(np.int16)


def wav(samples: np.ndarray, rate: int = 16000, form: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=form)
    # libsndfile draws the serial number of an Ogg stream at random.
    return with_serial(buffer.getvalue(), 0) if form == "OGG" else buffer.getvalue()
