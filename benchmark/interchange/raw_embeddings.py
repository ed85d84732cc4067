"""``{split}.embeddings.npy`` and ``{split}.embedding-dimensions.json``: numbers without a header.

Upstream's file has the name of a ``.npy`` but is a raw memory map: float32, C order. Its shape is
in the other file.
"""

from __future__ import annotations

import json
import reprlib
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

DTYPE: Final = np.dtype("<f4")
CHUNK_NUMBERS: Final = 1 << 22  # 16 MiB are copied at once


def embeddings_path(folder: Path, split: str) -> Path:
    """Where a split's numbers are."""
    return folder / f"{split}.embeddings.npy"


def dimensions_path(folder: Path, split: str) -> Path:
    """Where a split's shape is."""
    return folder / f"{split}.embedding-dimensions.json"


def read_raw_embeddings(folder: Path, split: str) -> NDArray[np.float32]:
    """Map a split's embeddings into memory, read-only.

    Returns:
        float32, shape (rows, size).

    Raises:
        FileNotFoundError: One of the two files is missing.
        ValueError: The shape is no shape, or the file is shorter or longer than it says.
    """
    rows, size = _dimensions(folder, split)
    path = embeddings_path(folder, split)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: it should hold {rows} embeddings.")
    wanted, found = rows * size * DTYPE.itemsize, path.stat().st_size
    if found != wanted:
        raise ValueError(
            f"{path} has {found} bytes, but {rows} x {size} float32 numbers without a header "
            f"({dimensions_path(folder, split).name}) are {wanted}: embed the task again."
        )
    return np.memmap(path, dtype=DTYPE, mode="r", shape=(rows, size))


def write_raw_embeddings(folder: Path, split: str, embeddings: NDArray[np.floating]) -> None:
    """Write a split's two files, a chunk of rows at a time: the array may be a memory map.

    Args:
        folder: Where.
        split: Name of the split.
        embeddings: Shape (rows, size).
    """
    rows, size = embeddings.shape
    step = max(1, CHUNK_NUMBERS // size)
    with embeddings_path(folder, split).open("wb") as file:
        for start in range(0, rows, step):
            file.write(np.ascontiguousarray(embeddings[start : start + step], DTYPE).data)
    dimensions_path(folder, split).write_text(json.dumps([rows, size]), encoding="utf-8")


def _dimensions(folder: Path, split: str) -> tuple[int, int]:
    path = dimensions_path(folder, split)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: it should hold the shape of split '{split}', as in every folder "
            "of embeddings that hear-eval-kit or msbench export wrote to its end."
        )
    try:
        shape = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not valid JSON: {error}.") from None
    numbers = shape if isinstance(shape, list) else []
    if len(numbers) != 2 or not all(type(number) is int and number > 0 for number in numbers):
        raise ValueError(f"{path} must hold [rows, size], above 0, not {reprlib.repr(shape)}.")
    return numbers[0], numbers[1]
