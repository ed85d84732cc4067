"""A cell's predictions, a NumPy archive."""

from pathlib import Path

import numpy as np

from benchmark.events.table import EventTable
from benchmark.results.predictions import (
    EventPredictions,
    Predictions,
    ScenePredictions,
    load_predictions,
    predictions_file,
)
from tests.fuzz.target import Target

NUMBERS = np.array([[0.25, 0.75], [1.0, 0.0]], np.float32)
EVENTS = EventTable(
    clip=np.array([0, 1]),
    label=np.array([1, 0]),
    onset_ms=np.array([10.0, 20.0]),
    offset_ms=np.array([15.0, 20.0]),
)
SCENE = Predictions(("cat", "dog"), (ScenePredictions("test", ("a", "b"), NUMBERS, NUMBERS),))
EVENT = Predictions(("cat", "dog"), (EventPredictions("test", ("a", "b"), EVENTS, EVENTS),))


def read(data: bytes, folder: Path) -> None:
    """Read, and look at every fold."""
    path = folder / "cell.npz"
    path.write_bytes(data)
    for fold in load_predictions(path).folds:
        assert isinstance(fold.clips, tuple)


TARGET = Target(
    read, (predictions_file(SCENE), predictions_file(EVENT)), (ValueError, FileNotFoundError)
)
