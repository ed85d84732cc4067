"""A command with its memory, open files and disk space watched from outside; Linux only."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WATCH_SECONDS = 0.25
EMBEDDINGS = "embeddings"  # the cache's folder of them
ENDINGS = (".npy",)


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment.

    Attributes:
        seconds: Since the command began.
        anonymous: Resident memory that is the process's own, bytes.
        resident: The same and the pages of mapped files, which the system drops if it needs room.
        files: Open file descriptors.
        embedded: Bytes of embeddings and timestamps in the cache, unfinished ones included.
        other: Bytes of everything else in the folders watched.
        scored: Whether a cell is there, that is: heads are done.
    """

    seconds: float
    anonymous: int
    resident: int
    files: int
    embedded: int
    other: int
    scored: bool


@dataclass(frozen=True)
class Watched:
    """A command that has ended well.

    Attributes:
        samples: In order of time.
        seconds: Wall time.
        cpu_seconds: Processor time, its children's included.
        peak_resident: Largest resident memory, bytes, by the system's own account.
    """

    samples: list[Sample]
    seconds: float
    cpu_seconds: float
    peak_resident: int


def watched_run(command: Sequence[str], work: Path, cell: Path) -> Watched:
    """Run a command with its cache, results and temporary files under one folder.

    Args:
        command: Program and arguments.
        work: Its current folder; ``work/cache`` and ``work/tmp`` are its cache and for its
            temporary files, ``work/out`` for results.
        cell: Folder in which a new ``.json`` says that heads are done.

    Raises:
        RuntimeError: It failed; with the end of what it said.
    """
    places = [work / name for name in ("cache", "tmp", "out")]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "MSBENCH_CACHE": str(places[0]), "TMPDIR": str(places[1])}
    before = _sizes(places)
    cells = _cells(cell)
    samples: list[Sample] = []
    started = time.monotonic()
    with (work / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=work, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(WATCH_SECONDS):
                sizes = _sizes(places)
                memory = _memory(process.pid)
                if memory is not None:
                    samples.append(
                        Sample(
                            time.monotonic() - started,
                            *memory,
                            sizes[0] - before[0],
                            sizes[1] - before[1],
                            len(_cells(cell)) > len(cells),
                        )
                    )

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended.set()
        watcher.join()
    seconds = time.monotonic() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {(work / 'log').read_text()[-2000:]}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Watched(samples, seconds, cpu_seconds, usage.ru_maxrss * 1024)


def _memory(pid: int) -> tuple[int, int, int] | None:
    """Anonymous and resident bytes and open files of a process; None if it is no more."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        kib = [int(fields[name].split()[0]) for name in ("RssAnon", "VmRSS")]
        return kib[0] * 1024, kib[1] * 1024, len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except (OSError, KeyError):
        return None


def _sizes(places: Sequence[Path]) -> tuple[int, int]:
    """Bytes of embeddings, and of all other files."""
    embedded = other = 0
    for place in places:
        for folder, _, names in os.walk(place):
            ours = EMBEDDINGS in Path(folder).relative_to(place).parts
            for name in names:
                try:
                    size = Path(folder, name).stat().st_size
                except FileNotFoundError:  # gone meanwhile
                    continue
                if ours and name.endswith(ENDINGS):
                    embedded += size
                else:
                    other += size
    return embedded, other


def _cells(folder: Path) -> list[Path]:
    return list(folder.glob("*.json"))
