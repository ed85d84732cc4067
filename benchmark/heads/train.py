"""One training: from a grid point to its best head.

Source: heareval.predictions.task_predictions.task_predictions_train, with Lightning's
EarlyStopping(min_delta 0, check_finite) and ModelCheckpoint(save_top_k 1).
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.events.postprocessing import Postprocessing
from benchmark.heads.grid import GridPoint
from benchmark.heads.model import Head, predict_logits
from benchmark.heads.monitor import Mode, Monitor
from benchmark.heads.outputs import PredictionType, head_loss
from benchmark.heads.random_draws import draw_loader_seed, draw_summary_input
from benchmark.heads.rows import Rows


@dataclass(frozen=True)
class TrainedHead:
    """The best head of one training.

    Attributes:
        head: With the weights of the best epoch.
        point: Its hyperparameters.
        score: Watched number at the best epoch; NaN is stored as the worst infinity.
        epoch: Best epoch, from 0.
        postprocessing: Choice at the best epoch; None in a scene task.
        seconds: Wall time of the training.
    """

    head: Head
    point: GridPoint
    score: float
    epoch: int
    postprocessing: Postprocessing | None
    seconds: float


def is_better(score: float, than: float, mode: Mode) -> bool:
    """Strictly better; nothing compares with NaN."""
    return score > than if mode == "max" else score < than


def train_head(
    point: GridPoint,
    rows: Rows,
    classes: int,
    prediction_type: PredictionType,
    validation: Tensor,
    monitor: Monitor,
    mode: Mode,
) -> TrainedHead:
    """Train one head with early stopping and keep its best epoch.

    Draws from torch's global generator in upstream's order (see `random_draws`).

    Args:
        point: Hyperparameters.
        rows: Training rows; they are never shuffled.
        classes: Number of outputs.
        prediction_type: Kind of task.
        validation: Embeddings of the validation split, shape (rows, size).
        monitor: Judges the logits of the validation split.
        mode: Whether the monitor's number is better when larger ("max") or smaller.

    Raises:
        ValueError: There is a single training row, and BatchNorm has nothing to average.
    """
    began = time.perf_counter()
    head = Head(rows.embeddings.shape[1], classes, point)
    draw_summary_input(rows.embeddings.shape[1])
    optimizer = torch.optim.Adam(head.parameters(), lr=point.lr)
    batches = training_batches(rows, point)
    kept: dict[str, Tensor] = {}
    worst = -math.inf if mode == "max" else math.inf
    best_score, best_epoch, best_postprocessing = worst, -1, None
    best_finite, waited = worst, 0
    for epoch in range(point.max_epochs):
        train_epoch(head, optimizer, batches, prediction_type)
        if (epoch + 1) % point.check_val_every_n_epoch:
            continue
        draw_loader_seed()
        score, postprocessing = monitor(predict_logits(head, validation, point.batch_size))
        if best_epoch < 0 or is_better(score, best_score, mode):
            best_score = worst if math.isnan(score) else score
            best_epoch, best_postprocessing = epoch, postprocessing
            kept = {name: tensor.clone() for name, tensor in head.state_dict().items()}
        waited = 0 if is_better(score, best_finite, mode) else waited + 1
        if not math.isfinite(score) or waited >= point.patience:
            break
        if waited == 0:
            best_finite = score
    head.load_state_dict(kept)
    seconds = time.perf_counter() - began
    return TrainedHead(head, point, best_score, best_epoch, best_postprocessing, seconds)


def train_epoch(
    head: Head,
    optimizer: torch.optim.Optimizer,
    batches: list[Rows],
    prediction_type: PredictionType,
) -> None:
    """One pass over the training rows, in their order."""
    head.train()
    draw_loader_seed()
    for batch in batches:
        loss = head_loss(head(batch.embeddings), batch.targets, prediction_type)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()


def training_batches(rows: Rows, point: GridPoint) -> list[Rows]:
    """Consecutive slices of ``batch_size`` rows.

    A last batch of one row goes to the batch before it where the head has BatchNorm, which cannot
    train on one row. Upstream stops with an error there, so no score of its own changes.

    Raises:
        ValueError: There is a single training row.
    """
    count = len(rows.embeddings)
    starts = list(range(0, count, point.batch_size))
    if point.hidden_layers and count - starts[-1] == 1:
        if count == 1:
            raise ValueError(
                "There is one training row only, on which BatchNorm cannot train: "
                "the task needs at least two clips or frames in its training splits."
            )
        starts.pop()
    ends = [*starts[1:], count]
    return [
        Rows(rows.embeddings[a:b], rows.targets[a:b]) for a, b in zip(starts, ends, strict=True)
    ]
