"""What the heads of a finished cell predicted, kept for intervals, tests and pictures.

A NumPy archive (``.npz``, read without pickle) with the arrays below. Clips follow the cell's folds
and, within a fold, HEAR's row order. Scores computed from a file equal the cell's to the bit.

====================  =======  =========================================================
array                 type     shape and meaning
====================  =======  =========================================================
schema                int64    (), version of this layout
vocabulary            str      (classes,), label of index 0, 1, ...
folds                 str      (folds,), name of each test split
fold_clips            int64    (folds,), number of its clips
clips                 str      (clips,), file name of each clip
probabilities         float32  (clips, classes), of the head; scene tasks only
targets               bool     (clips, classes), which labels a clip has; scene tasks only
predicted_clip        int64    (events,), index into ``clips``; event tasks only, as all below
predicted_label       int64    (events,), index into ``vocabulary``
predicted_onset_ms    float64  (events,), ms from the clip's first sample
predicted_offset_ms   float64  (events,), ms
reference_...                  the same four of the labels' events
====================  =======  =========================================================
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.lib.format as npy
from numpy.typing import NDArray

from benchmark.events.table import EventTable, refuse_endless
from msssl_common.bounds import check_count

SCHEMA = 1
# Of all arrays together, unpacked: a million clips and 268 classes. FSD50K's have 9 MB.
MOST_BYTES = 1 << 30
COLUMNS = tuple(field.name for field in fields(EventTable))
MEMBERS = {
    *("schema", "vocabulary", "folds", "fold_clips", "clips", "probabilities", "targets"),
    *(f"{kind}_{column}" for kind in ("predicted", "reference") for column in COLUMNS),
}


@dataclass(frozen=True)
class ScenePredictions:
    """Predictions for one test split of a scene task.

    Attributes:
        fold: Name of the split.
        clips: File names.
        probabilities: float32, shape (clips, classes).
        targets: float32 multi-hot, shape (clips, classes): the labels.
    """

    fold: str
    clips: tuple[str, ...]
    probabilities: NDArray[np.float32]
    targets: NDArray[np.float32]


@dataclass(frozen=True)
class EventPredictions:
    """Predictions for one test split of an event task.

    Attributes:
        fold: Name of the split.
        clips: File names; the tables' ``clip`` counts them.
        predicted: Events of the head.
        reference: Events of the labels.
    """

    fold: str
    clips: tuple[str, ...]
    predicted: EventTable
    reference: EventTable


@dataclass(frozen=True)
class Predictions:
    """All predictions of a cell.

    Attributes:
        vocabulary: Label of index 0, 1, ...
        folds: One per test split; all of one kind.
    """

    vocabulary: tuple[str, ...]
    folds: tuple[ScenePredictions, ...] | tuple[EventPredictions, ...]


def predictions_file(predictions: Predictions) -> bytes:
    """The bytes of a predictions file; equal predictions have equal bytes."""
    folds = predictions.folds
    arrays: dict[str, NDArray[Any]] = {
        "schema": np.array(SCHEMA),
        "vocabulary": np.array(predictions.vocabulary, np.str_),
        "folds": np.array([fold.fold for fold in folds], np.str_),
        "fold_clips": np.array([len(fold.clips) for fold in folds], np.int64),
        "clips": np.array([clip for fold in folds for clip in fold.clips], np.str_),
    }
    scenes = [fold for fold in folds if isinstance(fold, ScenePredictions)]
    events = [fold for fold in folds if isinstance(fold, EventPredictions)]
    if scenes:
        arrays["probabilities"] = np.concatenate([fold.probabilities for fold in scenes])
        arrays["targets"] = np.concatenate([fold.targets for fold in scenes]) > 0
    if events:
        arrays |= _columns("predicted", events, [fold.predicted for fold in events])
        arrays |= _columns("reference", events, [fold.reference for fold in events])
    size = sum(array.nbytes for array in arrays.values())
    check_count(size, MOST_BYTES, "bytes", "what the heads predicted", ".")
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def load_predictions(path: Path) -> Predictions:
    """Read a predictions file.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It is damaged, or of a layout that this version does not know.
    """
    try:
        arrays = _arrays(path)
        if int(arrays["schema"]) != SCHEMA:
            raise ValueError(f"its layout is version {arrays['schema']}")
        return _predictions(arrays)
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged archive raises a dozen different ones
        raise ValueError(
            f"{path} is no predictions file that this version can read ({error}): "
            "delete the cell of the same name and run the same command again."
        ) from error


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The members that have a meaning here; one of another name is not read, whatever its size.

    `numpy.load` would do, but it opens the file once more and reads every header twice: half of
    the time of a report on many small files.

    Raises:
        ValueError: The members that are read have too many bytes, or one is not as long as its
            header promises: nothing may fill the memory.
    """
    with zipfile.ZipFile(path) as archive:
        read = [m for m in archive.infolist() if m.filename.removesuffix(".npy") in MEMBERS]
        check_count(sum(m.file_size for m in read), MOST_BYTES, "bytes", "it")
        return {m.filename.removesuffix(".npy"): _array(archive.read(m)) for m in read}


def _array(member: bytes) -> NDArray[Any]:
    """Source: NEP 1, "A simple file format for NumPy arrays"."""
    end = 10 + int.from_bytes(member[8:10], "little")
    shape, columns_first, dtype = _header(member[:end])
    if dtype.hasobject:
        raise ValueError("an array of Python objects")
    size = math.prod(shape)
    # A header may promise any size.
    check_count(size * dtype.itemsize, len(member) - end, "bytes", "an array")
    flat = np.frombuffer(member, dtype, size, end)
    return flat.reshape(shape, order="F" if columns_first else "C")


@lru_cache(maxsize=256)  # cells of one task have the same ones
def _header(text: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    file = io.BytesIO(text)
    npy.read_magic(file)
    return npy.read_array_header_1_0(file)


def _predictions(arrays: dict[str, NDArray[Any]]) -> Predictions:
    bounds = np.concatenate([[0], np.cumsum(arrays["fold_clips"])]).tolist()
    names: list[str] = arrays["folds"].tolist()
    clips: list[str] = arrays["clips"].tolist()
    stretches = list(zip(names, pairwise(bounds), strict=True))
    vocabulary = tuple(arrays["vocabulary"].tolist())
    if "probabilities" in arrays:
        probabilities, targets = arrays["probabilities"], arrays["targets"].astype(np.float32)
        return Predictions(
            vocabulary,
            tuple(
                ScenePredictions(name, tuple(clips[a:b]), probabilities[a:b], targets[a:b])
                for name, (a, b) in stretches
            ),
        )
    return Predictions(
        vocabulary,
        tuple(
            EventPredictions(
                name,
                tuple(clips[a:b]),
                _table(arrays, "predicted", a, b),
                _table(arrays, "reference", a, b),
            )
            for name, (a, b) in stretches
        ),
    )


def _columns(
    kind: str, folds: list[EventPredictions], tables: list[EventTable]
) -> dict[str, NDArray[Any]]:
    """Columns of all folds' events, clips counted through the folds."""
    firsts = np.cumsum([0, *(len(fold.clips) for fold in folds[:-1])])
    counted = [
        replace(table, clip=table.clip + first) for table, first in zip(tables, firsts, strict=True)
    ]
    return {
        f"{kind}_{column}": np.concatenate([getattr(table, column) for table in counted])
        for column in COLUMNS
    }


def _table(arrays: dict[str, NDArray[Any]], kind: str, first: int, end: int) -> EventTable:
    """Events of the clips from ``first`` to before ``end``, counted from ``first``."""
    table = EventTable(*(arrays[f"{kind}_{column}"] for column in COLUMNS))
    rows = (table.clip >= first) & (table.clip < end)
    own = EventTable(*(getattr(table, column)[rows] for column in COLUMNS))
    refuse_endless(own.onset_ms, own.offset_ms, "it")
    if len(own) and not 0 <= own.label.min() <= own.label.max() < len(arrays["vocabulary"]):
        raise ValueError("it has an event of a label that is not in its vocabulary")
    return replace(own, clip=own.clip - first)
