"""The manifest of a folder of shards: where each clip is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msssl_common.csv_tables import original_text
from pretrain.data.audio import SAMPLE_RATE
from pretrain.data.pack.shard_file import MANIFEST, SETTINGS, ManifestRow

_TYPES = {"samples": np.int64, "offset": np.int64, "size": np.int64, "shard": str}
_COLUMNS = {**_TYPES, "clip_id": str, "source": str}


@dataclass(frozen=True)
class Manifest:
    """Clips of a folder of shards, in the order in which shards hold them.

    Attributes:
        folder: Of the shards.
        names: Clip ids.
        sources: Tags.
        samples: Lengths, int64, shape (clips,).
        shards: File names of the shards, in order.
        shard_of: Index of each clip's shard, int64, shape (clips,).
        offsets: Of the encoded clips in their shards, bytes, int64, shape (clips,).
        sizes: Likewise.
        sample_rate: Hz.
    """

    folder: Path
    names: tuple[str, ...]
    sources: tuple[str, ...]
    samples: NDArray[np.int64]
    shards: tuple[str, ...]
    shard_of: NDArray[np.int64]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    sample_rate: int = SAMPLE_RATE

    def read(self, clip: int) -> bytes:
        """The encoded clip.

        Raises:
            OSError: Its shard is gone or too short.
        """
        path = self.folder / self.shards[self.shard_of[clip]]
        size = int(self.sizes[clip])
        with path.open("rb") as file:
            file.seek(int(self.offsets[clip]))
            data: bytes = file.read(size)
        if len(data) != size:
            raise OSError(f"{path}: ends before clip {self.names[clip]}; pack or copy it again")
        return data


def is_packed(folder: Path) -> bool:
    """Whether a folder was made by ``mspretrain pack``, even if that is not over."""
    return (folder / SETTINGS).is_file()


def read_manifest(folder: Path) -> Manifest:
    """Read a folder's manifest.csv.

    Raises:
        ValueError: Packing is not over, or the manifest is not of ours.
        FileNotFoundError: A shard is absent.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ValueError(f"{folder}: packing is not over; run the same mspretrain pack again")
    try:
        table = pd.read_csv(
            path,
            usecols=list(_COLUMNS),
            dtype=_COLUMNS,
            keep_default_na=False,
            na_filter=False,
            encoding_errors="surrogateescape",
        )
    except ValueError as error:
        wanted = ", ".join(ManifestRow._fields)
        raise ValueError(f"{path}: {error}; a manifest of ours has {wanted}") from None
    shard_of, shards = pd.factorize(table["shard"])
    for name in shards:
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder / name}: no such shard, but {MANIFEST} names it")
    return Manifest(
        folder,
        tuple(map(original_text, table["clip_id"])),
        tuple(map(original_text, table["source"])),
        table["samples"].to_numpy(copy=True),
        tuple(shards),
        shard_of.astype(np.int64),
        table["offset"].to_numpy(),
        table["size"].to_numpy(),
    )
