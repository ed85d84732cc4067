"""``--device``: one set of words with one meaning for all commands. torch is imported on use."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

DEVICE_HELP = "cpu, cuda, cuda:N, mps, or auto: a GPU if there is one."
DEVICES_HELP = f"{DEVICE_HELP} Several share the work, as in cuda:0,cuda:1 or cuda:0,1."
VISIBLE = "CUDA_VISIBLE_DEVICES"  # what CUDA's driver shows a process, by number or UUID
_WORDS = re.compile(r"auto|cpu|cuda(:\d+)?|mps")


def device_elsewhere(text: str) -> str:
    """The torch device that a user's word means on other machines, which are not asked.

    ``auto`` is their processor. Errors are those of `resolve_device`, but for absent devices.
    """
    if not _WORDS.fullmatch(text):
        if "," in text:
            raise ValueError(f"--device {text!r} names several devices; name one here")
        raise ValueError(f"--device {text!r} is not a device; say auto, cpu, cuda, cuda:N or mps")
    return "cpu" if text == "auto" else text


def resolve_devices(text: str) -> list[str]:
    """The torch devices that a user's words mean, with commas between them.

    A number alone is another one of the kind before it: ``cuda:0,1`` is ``cuda:0,cuda:1``. A device
    may be named several times: so many processes share it.

    Raises:
        ValueError: As `resolve_device`; or devices of different kinds, whose results differ.
    """
    words = [word.strip() for word in text.split(",")]
    for place, word in enumerate(words):
        if word.isdecimal() and place and ":" in words[place - 1]:
            words[place] = f"{words[place - 1].partition(':')[0]}:{word}"
    if len(words) == 1:
        return [resolve_device(text)]
    if "auto" in words:
        raise ValueError(f"--device {text!r}: auto finds one device; name several one by one")
    devices = [resolve_device(word) for word in words]
    if len({device.partition(":")[0] for device in devices}) > 1:
        raise ValueError(
            f"--device {text!r} names different kinds of devices, which give different results; "
            "name several of one kind"
        )
    return devices


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


def visible_devices(devices: Sequence[str]) -> str | None:
    """What ``CUDA_VISIBLE_DEVICES`` is to be in a process for some devices; None for no change.

    Args:
        devices: Of one kind, ``cuda`` or ``cuda:N``; N counts what this process sees.
    """
    if not devices[0].startswith("cuda"):
        return None
    seen = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    numbers = [int(device.partition(":")[2] or 0) for device in devices]
    return ",".join(seen[n] if n < len(seen) else str(n) for n in numbers)
