"""Lower bounds on the cost of training heads: the matrix products alone, and a bare loop in torch.

Any implementation with upstream's heads, batches and number of steps needs these matrix products.
So upstream's time divided by theirs is the largest possible gain with products of that kind.

The bare loop is the bound for exact mode: forward, loss, backward and Adam on resident batches; no
validation, no scores, no early stopping, no copies of the best weights, no draws that only keep a
random stream in step.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from benchmark.heads.exact import training_batches
from benchmark.heads.grid import GridPoint
from benchmark.heads.rows import Rows
from benchmark.heads.torch_state import threads_for
from benchmark.tasks.task import PredictionType


def bare_products(
    rows: Rows, classes: int, point: GridPoint, steps: int, dtype: torch.dtype
) -> None:
    """Multiply what the training steps of one head multiply, on made-up numbers.

    Args:
        rows: Training rows, for their size and number.
        classes: Number of outputs.
        point: Hyperparameters.
        steps: Optimiser steps.
        dtype: Of the products.
    """
    size = rows.embeddings.shape[1]
    sizes = [size, *[point.hidden_dim] * point.hidden_layers, classes]
    lengths = [len(batch.targets) for batch in training_batches(rows, point)]
    values = {n: [torch.randn(size, n).to(dtype) for size in sizes] for n in set(lengths)}
    weights = [torch.randn(b, a).to(dtype) for a, b in itertools.pairwise(sizes)]
    with threads_for(point.batch_size):
        for step in range(steps):
            _step(weights, values[lengths[step % len(lengths)]])


def _step(weights: list[Tensor], values: list[Tensor]) -> None:
    """Each layer forward, its weights' gradients, and its inputs' but for the first layer's.

    What comes out has the shape of the next layer's ``values``, which stand for gradients too.
    """
    for number, weight in enumerate(weights):
        before, after = values[number], values[number + 1]
        torch.mm(weight, before)
        torch.mm(after, before.T)
        if number:
            torch.mm(weight.T, after)


def bare_loop(
    rows: Rows, classes: int, prediction_type: PredictionType, point: GridPoint, steps: int
) -> None:
    """Train one head of the point's shape for a number of steps and forget it.

    Args:
        rows: Training rows.
        classes: Number of outputs.
        prediction_type: Decides the loss.
        point: Hyperparameters.
        steps: Optimiser steps.
    """
    size = rows.embeddings.shape[1]
    layers: list[nn.Module] = []
    for _ in range(point.hidden_layers):
        layers += [nn.Linear(size, point.hidden_dim), nn.BatchNorm1d(point.hidden_dim)]
        layers += [nn.Dropout(point.dropout), nn.ReLU()]
        size = point.hidden_dim
    head = nn.Sequential(*layers, nn.Linear(size, classes))
    multiclass = prediction_type == "multiclass"
    loss: nn.Module = nn.CrossEntropyLoss() if multiclass else nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(head.parameters(), lr=point.lr)
    batches = training_batches(rows, point)
    with threads_for(point.batch_size):
        for step in range(steps):
            batch = batches[step % len(batches)]
            optimizer.zero_grad()
            torch.autograd.backward(loss(head(batch.embeddings), batch.targets))
            optimizer.step()
