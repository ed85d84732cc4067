"""Reading a task folder's own 48 kHz audio as if it were an archive: another rate, no download."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from benchmark.tasks.get.archive import Entry


def read_kept_source(
    task: Path, sample_rate: int, advance: Callable[[int, int], None]
) -> Iterator[Entry]:
    """Read a task folder's files, with the audio of one rate.

    Args:
        task: The task folder.
        sample_rate: The rate whose audio to read, Hz.
        advance: Called with the bytes read so far, and in all.

    Yields:
        The files, as ``read_archive`` does.
    """
    texts = [path for path in task.iterdir() if path.is_file()]
    clips = [path for path in (task / str(sample_rate)).glob("*/*") if path.is_file()]
    paths = sorted(texts) + sorted(clips)
    total = sum(path.stat().st_size for path in paths)
    done = 0
    for path in paths:
        data = path.read_bytes()
        done += len(data)
        advance(done, total)
        yield Entry(PurePosixPath(path.relative_to(task).as_posix()), data)
