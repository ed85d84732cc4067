"""Decompressing with limits: an archive of a few bytes must not fill the memory or the disk."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from benchmark.tasks.get.members import ArchiveError


@dataclass(frozen=True)
class Limits:
    """What an archive may hold; several times what HEAR's largest task has.

    Attributes:
        total_bytes: Bytes after decompression, in all (beehive_states has 32 GB).
        file_bytes: Bytes of one member, which lies in memory (ten minutes at 48 kHz are 58 MB).
        files: Members (speech_commands has 100,503 clips).
        ratio: Decompressed by compressed bytes so far; speech with its pauses has less than 10.
        free_bytes: Decompressed bytes up to which the ratio does not count: an archive may begin
            with silent clips.
        header_bytes: Bytes between two members, and after the last.
    """

    total_bytes: int = 200 * 10**9
    file_bytes: int = 256 << 20
    files: int = 500_000
    ratio: float = 100.0
    free_bytes: int = 256 << 20
    header_bytes: int = 1 << 20


class BoundedGzip:
    """A gzip file as a stream, for ``tarfile``'s mode ``r|``, that stops at its limits.

    Raises:
        ArchiveError: From ``read``: the file is cut short, damaged, or over a limit.
    """

    def __init__(self, path: Path, limits: Limits, advance: Callable[[int, int], None]) -> None:
        self._size = path.stat().st_size
        self._raw = path.open("rb")
        self._gzip = gzip.GzipFile(fileobj=self._raw)
        self._limits = limits
        self._advance = advance
        self._position = 0
        self._allowed = limits.header_bytes

    def __enter__(self) -> BoundedGzip:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._gzip.close()
        self._raw.close()

    def allow(self, file_bytes: int) -> None:
        """Let the next member be read: so many bytes from here, and headers around it."""
        self._allowed = self._position + file_bytes + self._limits.header_bytes

    def read(self, size: int) -> bytes:
        """Read decompressed bytes."""
        try:
            block = self._gzip.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ArchiveError(f"it is cut short or damaged ({error})") from None
        self._position += len(block)
        self._check()
        self._advance(min(self._raw.tell(), self._size), self._size)
        return block

    def read_to_end(self) -> None:
        """Read what is left, so that the checksum at the end of the file is compared."""
        while self.read(1 << 16):
            pass

    def _check(self) -> None:
        if self._position > self._allowed:
            raise ArchiveError(
                f"it has over {self._limits.header_bytes:,} bytes that belong to no file"
            )
        if self._position > self._limits.total_bytes:
            raise ArchiveError(f"it unpacks to over {self._limits.total_bytes:,} bytes")
        if self._position > max(self._limits.free_bytes, self._limits.ratio * self._raw.tell()):
            raise ArchiveError(f"it unpacks to over {self._limits.ratio:g} times its own size")
