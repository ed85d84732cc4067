"""The least that the same trainings cost in plain torch: the ceiling for exact mode.

Forward, loss, backward and Adam on resident batches; no validation, no scores, no early stopping,
no copies of the best weights, no draws that only keep a random stream in step.
"""

from __future__ import annotations

import torch
from torch import nn

from benchmark.heads.exact import training_batches
from benchmark.heads.grid import GridPoint
from benchmark.heads.outputs import PredictionType
from benchmark.heads.rows import Rows
from benchmark.heads.torch_state import threads_for


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
