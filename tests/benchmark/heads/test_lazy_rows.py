"""Embeddings read from files batch by batch, against the concatenated array."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.heads.lazy_rows import ALIGNMENT, OnDemand, StoredEmbeddings


@pytest.fixture(params=["float32", "float16"])
def arrays(request: pytest.FixtureRequest, tmp_path: Path) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    for index, rows in enumerate((10, 1, 7)):
        saved = generator.standard_normal((rows, 3)).astype(request.param)
        np.save(tmp_path / f"{index}.npy", saved)
    return [np.load(tmp_path / f"{index}.npy", mmap_mode="r") for index in range(3)]


def test_every_slice_is_that_of_the_whole(arrays: list[np.ndarray]) -> None:
    whole = np.concatenate(arrays).astype(np.float32)
    stored = StoredEmbeddings(arrays)
    assert (len(stored), stored.shape) == (18, (18, 3))
    for start in range(19):
        for stop in range(start, 20):
            rows = stored[start:stop]
            assert rows.dtype == torch.float32
            np.testing.assert_array_equal(rows.numpy(), whole[start:stop])
            assert rows.data_ptr() % ALIGNMENT == 0
    np.testing.assert_array_equal(stored[:].numpy(), whole)
    with pytest.raises(ValueError, match="not in steps of 2"):
        stored[::2]


def test_a_slice_within_a_float32_file_is_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((8, 4), np.float32))
    array = np.load(tmp_path / "a.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch warns of arrays that cannot be written
        rows = StoredEmbeddings([array])[2:5]
    assert rows.data_ptr() == array.ctypes.data + 2 * 4 * 4


def test_items_are_made_when_they_are_asked_for() -> None:
    made = []

    def make(index: int) -> int:
        made.append(index)
        return 10 * index

    items = OnDemand(3, make)
    assert (len(items), made) == (3, [])
    assert (items[1], items[-1], made) == (10, 20, [1, 2])
    assert [list(items), items[1:]] == [[0, 10, 20], [10, 20]]
    with pytest.raises(IndexError):
        items[3]
