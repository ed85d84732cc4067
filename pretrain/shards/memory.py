"""Whether a corpus is held decoded in memory or streamed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import torch

Reader = Literal["memory", "stream"]
SHARE = 0.5  # of the free memory that held clips may take: the rest is for training
BYTES_PER_SAMPLE = 2  # int16


def choose_reader(samples: int, free: int, processes: int = 1) -> Reader:
    """The choice, from nothing but sizes.

    Args:
        samples: In all clips, decoded.
        free: Memory that is free, bytes.
        processes: That share it, each with all clips.
    """
    return "memory" if BYTES_PER_SAMPLE * samples * processes <= SHARE * free else "stream"


def free_memory(device: torch.device) -> int:
    """Bytes that can be taken: the GPU's, else the machine's within its control group."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = _available()
    limit, used = _number("memory.max"), _number("memory.current")
    return free if limit is None or used is None else max(min(free, limit - used), 0)


def _available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(x.split()[1]) for x in lines if x.startswith("MemAvailable"))
    except (OSError, StopIteration):  # not Linux: half of what there is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _number(name: str) -> int | None:
    """A file of control group version 2 as containers see it; None without a limit."""
    try:
        return int((Path("/sys/fs/cgroup") / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
