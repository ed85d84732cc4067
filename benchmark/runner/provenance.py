"""Where a result was made: versions of what decides numbers, and the machine."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import torch

from benchmark.heads.fast.rows import product_dtype

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
    """Architecture, system, cores, processor, and in what fast mode multiplies on a device.

    E.g. ``"x86_64 Linux, 2 cores, AMD EPYC, fast heads in bfloat16"``; for a CUDA device its name,
    where there is one: a cell that failed may say so on a machine without.
    """
    parts = [f"{platform.machine()} {platform.system()}", f"{os.cpu_count()} cores"]
    place = torch.device(device)
    if place.type == "cuda" and not torch.cuda.is_available():
        place = torch.device("cpu")
    parts += [torch.cuda.get_device_name(place)] if place.type == "cuda" else _processor()
    dtype = str(product_dtype(place)).removeprefix("torch.")
    return ", ".join([*parts, f"fast heads in {dtype}"])


def place_and_versions() -> dict[str, str]:
    """Both, for a table of measurements on the CPU."""
    return {"machine": machine("cpu"), "versions": versions()}


def _processor() -> list[str]:
    """The processor's name, on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return []
    return [line.partition(": ")[2] for line in lines if line.startswith("model name")][:1]
