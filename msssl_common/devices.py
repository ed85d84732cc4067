"""``--device``: one set of words with one meaning for all commands. torch is imported on use."""

from __future__ import annotations

import re

DEVICE_HELP = "cpu, cuda, cuda:N, mps, or auto: a GPU if there is one."
_WORDS = re.compile(r"auto|cpu|cuda(:\d+)?|mps")


def device_elsewhere(text: str) -> str:
    """The torch device that a user's word means on other machines, which are not asked.

    ``auto`` is their processor. Errors are those of `resolve_device`, but for absent devices.
    """
    if not _WORDS.fullmatch(text):
        raise ValueError(f"--device {text!r} is not a device; say auto, cpu, cuda, cuda:N or mps")
    return "cpu" if text == "auto" else text


def resolve_device(text: str) -> str:
    """The torch device that a user's word means.

    Args:
        text: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. ``auto`` is CUDA where torch finds
            a GPU, else Apple's MPS where there is one, else the CPU.

    Returns:
        ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Raises:
        ValueError: Another word, or a device that is not there.
    """
    if device_elsewhere(text) == text == "cpu":
        return text
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    mps = torch.backends.mps.is_available()
    if text == "auto":
        return "cuda" if gpus else "mps" if mps else "cpu"
    number = int(text.partition(":")[2] or 0)
    if (text == "mps" and not mps) or (text.startswith("cuda") and number >= gpus):
        there = f"{gpus} CUDA device{'s' * (gpus != 1)}" if gpus else "no CUDA device"
        raise ValueError(
            f"--device {text}: torch finds {there} and {'an' if mps else 'no'} MPS device here; "
            "say auto or cpu"
        )
    return text
