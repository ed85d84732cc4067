"""A stage: a real command on tiny data, in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """A command whose result is compared with that of an undisturbed run.

    It runs in a folder of its own, its current one, so that no path differs between two trials.

    Attributes:
        name: What the tables call it.
        command: ``msbench`` or ``mspretrain`` and its arguments; paths are relative.
        begin: Puts into an empty folder what the command starts from.
        outputs: Folders, below that one, that the command writes to.
        again: Words that a plain re-run has beside those of ``command``.
        in_child: Called in each process before the command.
        once: What the command says, with a status that is not 0, where its result is there
            already; "" if it simply succeeds again.
        inputs: Folder that may vanish while the command runs; "" if none is read for long.
        clip: An audio file in it.
        workers: Whether other processes work for it.
        lost: What a kill costs, in words.
    """

    name: str
    command: tuple[str, ...]
    begin: Callable[[Path], None]
    outputs: tuple[str, ...]
    again: tuple[str, ...] = ()
    in_child: Callable[[], None] = lambda: None
    once: str = ""
    inputs: str = ""
    clip: str = ""
    workers: bool = False
    lost: str = ""
