from pathlib import Path

import numpy as np
import pytest

from benchmark.embeddings import npy_writer as growing_npy
from benchmark.embeddings.npy_writer import NpyWriter


@pytest.mark.parametrize("row_shape", [(), (3,)])
@pytest.mark.parametrize("pieces", [[], [0], [1], [2, 0, 1005]])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_is_what_numpy_saves(
    tmp_path: Path, row_shape: tuple[int, ...], pieces: list[int], dtype: type
) -> None:
    parts = [np.random.default_rng(n).normal(size=(n, *row_shape)) for n in pieces]
    path = tmp_path / "rows.npy"
    with NpyWriter(path, row_shape, dtype) as file:
        for part in parts:
            file.append(part)
    expected = np.concatenate([np.empty((0, *row_shape)), *parts]).astype(dtype)
    np.save(tmp_path / "expected.npy", expected)
    assert path.read_bytes() == (tmp_path / "expected.npy").read_bytes()


@pytest.mark.parametrize("row_shape", [(), (3,)])
def test_goes_on_where_it_was(
    tmp_path: Path, row_shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_npy, "PIECE", 7)
    rows = np.random.default_rng(0).normal(size=(9, *row_shape)).astype(np.float32)
    with NpyWriter(tmp_path / "whole.npy", row_shape, np.float32) as whole:
        whole.append(rows)
    stopped = NpyWriter(tmp_path / "rows.npy", row_shape, np.float32)
    stopped.append(rows[:4])
    crc32 = stopped.crc32
    stopped.append(rows[:3])  # after the last word on how many rows there are
    with NpyWriter(tmp_path / "rows.npy", row_shape, np.float32, 4, crc32) as file:
        file.append(rows[4:])
    assert (tmp_path / "rows.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    assert file.crc32 == whole.crc32


def test_other_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    with NpyWriter(path, (2,), np.float32) as file:
        file.append(np.ones((3, 2)))
    for rows, crc32 in [(3, file.crc32 + 1), (4, file.crc32), (2, file.crc32)]:
        with pytest.raises(ValueError, match=rf"does not hold the {rows} rows"):
            NpyWriter(path, (2,), np.float32, rows, crc32)
    with pytest.raises(FileNotFoundError):
        NpyWriter(tmp_path / "none.npy", (2,), np.float32, 3, file.crc32)
