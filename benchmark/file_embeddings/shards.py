"""Tables of embeddings as bytes of a file: parquet or npz, of whole clips or of frames."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Layout = Literal["parquet", "npz"]
Kind = Literal["scene", "timestamps"]
KINDS: Final[tuple[Kind, ...]] = ("scene", "timestamps")


@dataclass(frozen=True)
class Rows:
    """Embeddings of a piece of a file.

    Attributes:
        path: The file.
        start_seconds: Where the piece begins in it.
        seconds: Its length.
        embeddings: float32, shape (1, size) of a whole piece, (frames, size) of its frames.
        timestamps_ms: Of frames, from the beginning of the file, float64; None of a whole piece.
    """

    path: str
    start_seconds: float
    seconds: float
    embeddings: NDArray[np.float32]
    timestamps_ms: NDArray[np.float64] | None


def check_layout(layout: Layout) -> None:
    """See that a layout can be written, before hours of work.

    Raises:
        ValueError: There is no such layout, or pyarrow, which it needs, is not installed.
    """
    if layout not in ("parquet", "npz"):
        raise ValueError(f"{layout!r} is no layout of embeddings; there are parquet and npz.")
    if layout == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ModuleNotFoundError as error:
            raise ValueError(
                f"parquet needs {error.name}, which is not installed: pip install "
                "'msssl-hear[parquet]', or take npz."
            ) from None


def shard_bytes(layout: Layout, pieces: Sequence[Rows], about: dict[str, Any]) -> bytes:
    """Content of a shard.

    Parquet has a row per piece or frame: ``path``, ``start_seconds``, ``seconds`` or
    ``timestamp_ms``, and ``embedding``, a list of float32 of fixed length. npz has the arrays
    ``path``, ``start_seconds`` and ``seconds`` of the pieces and ``embeddings``; of frames, also
    ``timestamps_ms`` and ``frames``, how many of the rows are each piece's.

    Args:
        layout: ``parquet`` or ``npz``.
        pieces: One or more, all of one kind.
        about: What made them; in parquet's metadata under ``msbench``.
    """
    return _parquet(pieces, about) if layout == "parquet" else _npz(pieces)


def _parquet(pieces: Sequence[Rows], about: dict[str, Any]) -> bytes:
    import pyarrow
    from pyarrow import parquet

    embeddings = np.concatenate([piece.embeddings for piece in pieces])
    frames = [len(piece.embeddings) for piece in pieces]
    places = pyarrow.array(np.repeat(np.arange(len(pieces)), frames))
    columns = {"path": pyarrow.array([piece.path for piece in pieces]).take(places)}
    if pieces[0].timestamps_ms is None:
        columns["start_seconds"] = pyarrow.array([piece.start_seconds for piece in pieces])
        columns["seconds"] = pyarrow.array([piece.seconds for piece in pieces])
    else:
        columns["timestamp_ms"] = pyarrow.array(_timestamps(pieces))
    columns["embedding"] = pyarrow.FixedSizeListArray.from_arrays(
        pyarrow.array(embeddings.ravel()), embeddings.shape[1]
    )
    table = pyarrow.table(columns).replace_schema_metadata({"msbench": json.dumps(about)})
    buffer = io.BytesIO()
    # Numbers of a network do not compress; a column's statistics of lists say nothing.
    parquet.write_table(table, buffer, use_dictionary=["path"], write_statistics=False)
    return buffer.getvalue()


def _npz(pieces: Sequence[Rows]) -> bytes:
    arrays: dict[str, NDArray[Any]] = {
        "path": np.array([piece.path for piece in pieces]),
        "start_seconds": np.array([piece.start_seconds for piece in pieces]),
        "seconds": np.array([piece.seconds for piece in pieces]),
        "embeddings": np.concatenate([piece.embeddings for piece in pieces]),
    }
    if pieces[0].timestamps_ms is not None:
        arrays["timestamps_ms"] = _timestamps(pieces)
        arrays["frames"] = np.array([len(piece.embeddings) for piece in pieces])
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _timestamps(pieces: Sequence[Rows]) -> NDArray[np.float64]:
    return np.concatenate([p.timestamps_ms for p in pieces if p.timestamps_ms is not None])
