"""What a task on another machine must find there as in the process that was started."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from msssl_common.files import cache_root

# A new file on NFS may stay unseen by a machine that looked for it before, for as long as its
# attribute cache says: acdirmax, 60 s unless mounted otherwise (nfs(5)).
SEEN_AFTER_SECONDS = 90.0


@dataclass(frozen=True)
class Place:
    """Folders on storage that all machines share, and what decides the bits of sums.

    Attributes:
        folder: Where ``msbench`` was started: modules and checkpoints may be there.
        cache: Embeddings, and heads of unfinished cells.
        threads: Threads of torch. Long sums may round otherwise with another number.
    """

    folder: Path
    cache: Path
    threads: int

    @staticmethod
    def here(threads: int) -> Place:
        """The place of this process."""
        return Place(Path.cwd(), cache_root().absolute(), threads)

    def enter(self) -> None:
        """Make it this process's."""
        if Path.cwd() != self.folder:
            os.chdir(self.folder)
        os.environ["MSBENCH_CACHE"] = str(self.cache)
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)


def unseen(paths: list[Path], patience: float = SEEN_AFTER_SECONDS) -> Path | None:
    """The first of some paths that this machine does not see within so many seconds."""
    end = time.monotonic() + patience
    for path in paths:
        while not path.exists():
            if time.monotonic() >= end:
                return path
            time.sleep(min(1.0, patience))
    return None


def node_name() -> str:
    """How messages call this machine."""
    return socket.gethostname()
