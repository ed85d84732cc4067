"""Exact mode: one training after the other, in hear-eval-kit's arithmetic and order of draws.

Source: heareval.predictions.task_predictions.task_predictions_train.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from benchmark.heads.fold_data import FoldData
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head, predict_logits
from benchmark.heads.lazy_rows import OnDemand
from benchmark.heads.outputs import head_loss
from benchmark.heads.rows import Batch, Rows
from benchmark.heads.saved_heads import SavedHeads, head_name
from benchmark.heads.torch_state import draw_loader_seed, draw_summary_input, threads_for
from benchmark.heads.trained_head import EarlyStopping, TrainedHead
from benchmark.tasks.task import PredictionType


def train_exact(
    data: FoldData, points: Sequence[GridPoint], saved: SavedHeads, trained: Callable[[int], None]
) -> list[TrainedHead]:
    """Train a fold's heads, one per grid point, in order.

    Args:
        data: The fold.
        points: Hyperparameters of each head.
        saved: Heads of an earlier run that was stopped; new ones are added.
        trained: Called after every head with 1.
    """
    heads = []
    for index, point in enumerate(points):
        name = head_name(data.fold, index)
        head = saved.load(name, point)
        if head is None:
            with threads_for(point.batch_size):
                head = train_head(point, data)
            saved.save(name, head)
        heads.append(head)
        trained(1)
    return heads


def train_head(point: GridPoint, data: FoldData) -> TrainedHead:
    """Train one head with early stopping and keep its best epoch.

    Draws from torch's global generator in upstream's order (see `random_draws`).

    Raises:
        ValueError: There is a single training row, and BatchNorm has nothing to average.
    """
    began = time.perf_counter()
    head = Head(data.size, data.classes, point)
    draw_summary_input(data.size)
    optimizer = torch.optim.Adam(head.parameters(), lr=point.lr)
    batches = training_batches(data.rows, point)
    kept: dict[str, Tensor] = {}
    stopping = EarlyStopping(data.selection.mode, point.patience)
    for epoch in range(point.max_epochs):
        train_epoch(head, optimizer, batches, data.prediction_type)
        if (epoch + 1) % point.check_val_every_n_epoch:
            continue
        draw_loader_seed()
        logits = predict_logits(head, data.validation, point.batch_size)
        if stopping.update(epoch, data.selection.monitor(logits)):
            kept = {name: tensor.clone() for name, tensor in head.state_dict().items()}
        if stopping.stopped:
            break
    head.load_state_dict(kept)
    return TrainedHead(
        head=head,
        point=point,
        score=stopping.score,
        epoch=stopping.epoch,
        postprocessing=stopping.postprocessing,
        seconds=time.perf_counter() - began,
        curve=stopping.curve,
    )


def train_epoch(
    head: Head,
    optimizer: torch.optim.Optimizer,
    batches: Sequence[Batch],
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


def training_batches(rows: Rows, point: GridPoint) -> Sequence[Batch]:
    """Consecutive slices of ``batch_size`` rows, read when they are wanted.

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
    slices = [slice(a, b) for a, b in zip(starts, ends, strict=True)]
    return OnDemand(
        len(slices), lambda i: Batch(rows.embeddings[slices[i]], rows.targets[slices[i]])
    )
