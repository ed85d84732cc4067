"""The outcome of one training, and which of several is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads.grid import GridPoint
from benchmark.heads.model import Head
from benchmark.heads.monitor import Mode

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


def is_better(score: float, than: float, mode: Mode) -> bool:
    """Strictly better; nothing compares with NaN."""
    return score > than if mode == "max" else score < than


def best_of(heads: Sequence[TrainedHead], mode: Mode) -> TrainedHead:
    """The head with the best score, the first of equals."""
    best = heads[0]
    for head in heads[1:]:
        if is_better(head.score, best.score, mode):
            best = head
    return best
