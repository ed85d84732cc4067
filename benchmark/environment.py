"""Where a result was made: versions of what decides numbers, and the machine."""

from __future__ import annotations

import os
import platform
from importlib import metadata

import torch

PACKAGES = ("msssl-hear", "torch", "numpy", "scipy", "scikit-learn", "soxr", "soundfile")


def versions() -> str:
    """E.g. ``"python 3.11.2; torch 2.13.0; ..."``; packages that are not installed are left out."""
    found = [f"python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return "; ".join(found)


def machine(device: str) -> str:
    """Architecture, system, cores and, for a CUDA device, its name."""
    text = f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores"
    if torch.device(device).type == "cuda":
        text += f", {torch.cuda.get_device_name(device)}"
    return text
