"""Adam for stacked heads, each with a learning rate of its own, by torch's fused kernel.

The numbers are those of ``torch.optim.Adam(fused=True)``. That class imports half of torch
(torch._dynamo) when it is first made, which takes longer than all heads of a small task.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

BETAS, EPS = (0.9, 0.999), 1e-8  # torch.optim.Adam's defaults, as upstream has them


class _Moments(NamedTuple):
    """One head's part."""

    rate: float
    weights: list[Tensor]
    first: list[Tensor]
    second: list[Tensor]


class StackedAdam:
    """Makes the same number of steps for all heads.

    Args:
        weights: Every head's trained weights; their gradients are read from ``.grad``.
        rates: Learning rate of each head.
    """

    def __init__(self, weights: Sequence[Sequence[Tensor]], rates: Sequence[float]) -> None:
        self._heads = [
            _Moments(
                rate,
                list(own),
                [torch.zeros_like(weight) for weight in own],
                [torch.zeros_like(weight) for weight in own],
            )
            for own, rate in zip(weights, rates, strict=True)
        ]
        self._steps = torch.zeros((), device=weights[0][0].device)

    @property
    def size(self) -> int:
        """Number of weights that a step updates."""
        return sum(weight.numel() for head in self._heads for weight in head.weights)

    @torch.no_grad()
    def step(self) -> None:
        """One step, from the weights' gradients."""
        self._steps += 1
        for rate, weights, first, second in self._heads:
            torch._fused_adam_(
                weights,
                [_gradient(weight) for weight in weights],
                first,
                second,
                [],
                [self._steps] * len(weights),
                lr=rate,
                beta1=BETAS[0],
                beta2=BETAS[1],
                weight_decay=0.0,
                eps=EPS,
                amsgrad=False,
                maximize=False,
            )

    def keep(self, indices: Sequence[int]) -> None:
        """Drop all heads but these."""
        self._heads = [self._heads[index] for index in indices]


def _gradient(weight: Tensor) -> Tensor:
    assert weight.grad is not None  # the caller ran backward() for every weight
    return weight.grad
