"""Whether a finished cell can be trusted: its predictions are there and give its scores."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from benchmark.protocol import Rules
from benchmark.results.cell_files import predictions_path
from benchmark.results.cells import Cell
from benchmark.results.predictions import (
    EventPredictions,
    Predictions,
    ScenePredictions,
    load_predictions,
)
from benchmark.results.schema.cell_json import cell_text
from benchmark.scores import (
    EVENT_SCORES,
    SCENE_SCORES,
    as_logged,
    event_score_parts,
    scene_score_under,
)
from msssl_common.files import cache_root, write_text
from msssl_common.messages import one_printable_line

# Other versions of NumPy may add in another order. A changed digit of a score is larger.
TOLERANCE = 1e-12
WORTH_KEEPING = 0.5  # seconds of work, after which the verdict is kept


def predictions_damage(path: Path, cell: Cell) -> str | None:
    """What is wrong with the predictions beside a finished cell; None if nothing is.

    Args:
        path: The cell's file.
        cell: What it holds.
    """
    file = predictions_path(path)
    if file.exists() and not file.is_file():  # a pipe, say, would be waited for
        return f"{file.name} is no plain file"
    try:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "no predictions file lies beside the cell"
    except OSError as error:
        return f"{file.name} cannot be read ({error.strerror})"
    if digest != cell.predictions_hash:
        return f"{file.name} is not the one that was written with its cell"
    return None


def score_damage(path: Path, cell: Cell) -> str | None:
    """Which score of a finished cell its predictions do not give; None if they give all.

    The predictions must be whole (see `predictions_damage`). The loss is not compared: it is of the
    heads' logits, which are not kept. Verdicts that took long are kept in the cache.

    Args:
        path: The cell's file.
        cell: What it holds.
    """
    key = hashlib.sha256(f"1\n{cell_text(cell)}".encode()).hexdigest()
    known = cache_root() / "verified" / key
    if known.exists():
        return None
    started = time.process_time()
    try:
        difference = _difference(cell, load_predictions(predictions_path(path)))
    except ValueError as error:
        return str(error)
    if difference is None and time.process_time() - started > WORTH_KEEPING:
        with suppress(OSError):  # reading results needs no cache
            write_text(known, "")
    return difference


def damage(path: Path, cell: Cell) -> str | None:
    """What is wrong with a finished cell beside its own file; None if nothing is."""
    return predictions_damage(path, cell) or score_damage(path, cell)


def _difference(cell: Cell, predictions: Predictions) -> str | None:
    if len(predictions.folds) != len(cell.folds):
        return f"its predictions are of {len(predictions.folds)} folds, not {len(cell.folds)}"
    folds: Sequence[ScenePredictions | EventPredictions] = predictions.folds
    for fold, kept in zip(folds, cell.folds, strict=True):
        if fold.fold != kept.fold:
            return f"its predictions are of the fold {one_printable_line(fold.fold)}"
        given = _scores(fold, predictions.vocabulary, kept.scores, cell.protocol.rules)
        for name, value in kept.scores.items():
            if name not in given:
                continue
            # As upstream's log has it, in float32; cells that other programs made need not.
            logged = as_logged(name, given[name])
            if not _equal(logged, value) and not _equal(given[name], value):
                return (
                    f"it says {one_printable_line(name)} {value!r} for the split "
                    f"{one_printable_line(kept.fold)}, but its predictions give {logged!r}"
                )
    return None


def _equal(a: float, b: float) -> bool:
    return a == b or math.isclose(a, b, rel_tol=TOLERANCE) or (math.isnan(a) and math.isnan(b))


def _scores(
    fold: ScenePredictions | EventPredictions,
    vocabulary: tuple[str, ...],
    kept: Mapping[str, float],
    rules: Rules,
) -> dict[str, float]:
    """Every score that the predictions give, of those that the cell has."""
    scores: dict[str, float] = {}
    if isinstance(fold, EventPredictions):
        for name in kept.keys() & EVENT_SCORES:
            scores |= event_score_parts(name, fold.reference, fold.predicted)
    else:
        for name in kept.keys() & SCENE_SCORES:
            score = scene_score_under(name, rules, vocabulary)
            scores[name] = score(fold.probabilities, fold.targets)
    return scores
