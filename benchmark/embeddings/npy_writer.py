"""A ``.npy`` file written row by row, for splits too long to hold in memory."""

from __future__ import annotations

import zlib
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import DTypeLike, NDArray

from msssl_common.files import writing

PIECE = 2**24  # bytes read at once when rows are checked


class NpyWriter:
    """Rows appended to a file that becomes a plain ``.npy`` when it is closed.

    Readable with ``np.load(path, mmap_mode="r", allow_pickle=False)``. NumPy pads its headers so
    that the number of rows can be filled in at the end.

    Args:
        path: The file.
        row_shape: Shape of one row; ``()`` for a list of numbers.
        dtype: Type of the numbers.
        rows: Rows of an earlier, unfinished file to go on after; what follows them is cut off.
        crc32: Checksum of those rows.

    Raises:
        OSError: The unfinished file is missing.
        ValueError: It has other rows.
    """

    def __init__(
        self,
        path: Path,
        row_shape: tuple[int, ...],
        dtype: DTypeLike,
        rows: int = 0,
        crc32: int = 0,
    ) -> None:
        self.path = path
        self.row_shape = row_shape
        self.dtype = np.dtype(dtype)
        self.rows = rows
        self.crc32 = crc32  # of the numbers, without the header
        self._file = path.open("r+b" if rows else "w+b")
        try:
            self._header_length = self._write_header()
            if rows:
                self._check_rows()
        except BaseException:
            self._file.close()
            raise

    def append(self, rows: NDArray[np.generic]) -> None:
        """Add rows, shape (n, *row_shape); they outlive the process from here on.

        Raises:
            ValueError: Rows of another shape.
            OSError: E.g. the disk is full.
        """
        if rows.shape[1:] != self.row_shape:
            raise ValueError(f"Rows of shape {rows.shape[1:]} do not fit in {self.path.name}")
        data = np.ascontiguousarray(rows, dtype=self.dtype)
        with writing(self.path):
            self._file.write(data.data)
            self._file.flush()
        self.crc32 = zlib.crc32(data.data, self.crc32)
        self.rows += len(data)

    def close(self) -> None:
        """Fill in the number of rows and close the file."""
        if self._file.closed:
            return
        with writing(self.path):
            try:
                self._file.seek(0)
                if self._write_header() != self._header_length:
                    raise OSError(f"NumPy's header of {self.path} outgrew its padding")
            finally:
                self._file.close()

    def __enter__(self) -> NpyWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write_header(self) -> int:
        header = {
            "descr": npy_format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (self.rows, *self.row_shape),
        }
        npy_format.write_array_header_1_0(self._file, header)
        return self._file.tell()

    def _check_rows(self) -> None:
        """Read the rows that should be there, and leave the file ready to go on after them."""
        left = self.rows * self.dtype.itemsize * int(np.prod(self.row_shape))
        crc32 = 0
        while left:
            piece = self._file.read(min(left, PIECE))
            if not piece:
                break
            crc32 = zlib.crc32(piece, crc32)
            left -= len(piece)
        if left or crc32 != self.crc32:
            raise ValueError(f"{self.path} does not hold the {self.rows} rows it should")
        self._file.seek(self._file.tell())  # from reading to writing
        self._file.truncate()
