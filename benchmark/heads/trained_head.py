"""The outcome of one training: when it stops, which epoch is kept, and which of several is best.

Source: Lightning's EarlyStopping(min_delta 0, check_finite) and ModelCheckpoint(save_top_k 1), as
heareval.predictions.task_predictions.task_predictions_train uses them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from benchmark.heads.monitor import Monitored, ScoreMode

Curve = tuple[tuple[int, float], ...]  # epoch, from 0, and score of every validation


@dataclass(frozen=True)
class TrainedHead:
    """The best head of one training.

    Attributes:
        head: With the weights of the best epoch, on the CPU.
        point: Its hyperparameters.
        score: Watched number at the best epoch; NaN is stored as the worst infinity.
        epoch: Best epoch, from 0.
        postprocessing: Choice at the best epoch; None in a scene task.
        seconds: Wall time of the training; of heads that are trained together, their equal share.
        curve: Epoch and watched number of every validation, NaN as it was.
    """

    head: Head
    point: GridPoint
    score: float
    epoch: int
    postprocessing: Postprocessing | None
    seconds: float
    curve: Curve = ()


def is_better(score: float, than: float, mode: ScoreMode) -> bool:
    """Strictly better; nothing compares with NaN."""
    return score > than if mode == "max" else score < than


def best_of(heads: Sequence[TrainedHead], mode: ScoreMode) -> TrainedHead:
    """The head with the best score, the first of equals."""
    best = heads[0]
    for head in heads[1:]:
        if is_better(head.score, best.score, mode):
            best = head
    return best


class EarlyStopping:
    """Follows one training from validation to validation.

    Args:
        mode: Whether the watched number is better when larger or when smaller.
        patience: Validations without strict improvement before training stops.

    Attributes:
        score: Watched number at the best epoch; NaN is stored as the worst infinity.
        epoch: Best epoch, from 0; of equals the first. -1 before the first validation.
        postprocessing: Choice at the best epoch.
        curve: Epoch and watched number of every validation so far.
        stopped: Whether training is over: patience has run out, or the number was not finite.
    """

    def __init__(self, mode: ScoreMode, patience: int) -> None:
        self.mode = mode
        self.patience = patience
        self.worst = -math.inf if mode == "max" else math.inf
        self.score, self.epoch = self.worst, -1
        self.postprocessing: Postprocessing | None = None
        self.curve: Curve = ()
        self.stopped = False
        self._best_finite, self._waited = self.worst, 0

    def update(self, epoch: int, found: Monitored) -> bool:
        """Take note of a validation.

        Returns:
            Whether this epoch is the best so far, so that its weights are to be kept.
        """
        score = found.score
        self.curve += ((epoch, score),)
        is_best = self.epoch < 0 or is_better(score, self.score, self.mode)
        if is_best:
            self.score = self.worst if math.isnan(score) else score
            self.epoch, self.postprocessing = epoch, found.postprocessing
        self._waited = 0 if is_better(score, self._best_finite, self.mode) else self._waited + 1
        self.stopped = not math.isfinite(score) or self._waited >= self.patience
        if self._waited == 0:
            self._best_finite = score
        return is_best
