"""A ``.npy`` file written row by row, for splits too long to hold in memory."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import DTypeLike, NDArray


class GrowingNpy:
    """Rows appended to a temporary file, which gets its name only when all are there.

    A plain ``.npy``: readable with ``np.load(path, mmap_mode="r", allow_pickle=False)``. NumPy pads
    its headers so that the number of rows can be filled in at the end.

    Args:
        path: Final name of the file.
        row_shape: Shape of one row; ``()`` for a list of numbers.
        dtype: Type of the numbers.
    """

    def __init__(self, path: Path, row_shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.path = path
        self.row_shape = row_shape
        self.dtype = np.dtype(dtype)
        self.rows = 0
        self.crc32 = 0  # of the numbers, without the header
        self._part = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file = self._part.open("wb")
        self._header_length = self._write_header()

    def append(self, rows: NDArray[np.generic]) -> None:
        """Add rows, shape (n, *row_shape)."""
        if rows.shape[1:] != self.row_shape:
            raise ValueError(f"Rows of shape {rows.shape[1:]} do not fit in {self.path.name}")
        data = np.ascontiguousarray(rows, dtype=self.dtype)
        self._file.write(data.data)
        self.crc32 = zlib.crc32(data.data, self.crc32)
        self.rows += len(data)

    def __enter__(self) -> GrowingNpy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the file its name; after an exception, delete it."""
        try:
            if kind is None:
                self._file.seek(0)
                if self._write_header() != self._header_length:
                    raise OSError(f"NumPy's header of {self.path} outgrew its padding")
        finally:
            self._file.close()
            if kind is None:
                os.replace(self._part, self.path)  # noqa: PTH105 -- as the atomic call is known
            else:
                self._part.unlink(missing_ok=True)

    def _write_header(self) -> int:
        header = {
            "descr": npy_format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (self.rows, *self.row_shape),
        }
        npy_format.write_array_header_1_0(self._file, header)
        return self._file.tell()
