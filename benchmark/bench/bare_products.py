"""The matrix products of trainings and nothing else: what no implementation can do without.

Whoever keeps upstream's heads, batches and number of steps makes these products; so upstream's time
by theirs is the most that can be gained with products of that kind.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from benchmark.heads.exact import training_batches
from benchmark.heads.grid import GridPoint
from benchmark.heads.rows import Rows
from benchmark.heads.torch_state import threads_for


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
