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


class _Group(NamedTuple):
    """Heads of equal learning rate, and their parts of weights and moments."""

    rate: float
    heads: list[int]
    weights: list[Tensor]
    first: list[Tensor]
    second: list[Tensor]


class StackedAdam:
    """Makes the same number of steps for all heads.

    Args:
        weights: What is trained, each of shape (heads, ...); it is updated in place.
        rates: Learning rate of each head.
    """

    def __init__(self, weights: Sequence[Tensor], rates: Sequence[float]) -> None:
        self._weights = list(weights)
        self._rates = list(rates)
        self._first = [torch.zeros_like(weight) for weight in weights]
        self._second = [torch.zeros_like(weight) for weight in weights]
        self._steps = torch.zeros((), device=weights[0].device)
        self._groups = self._grouped()

    def _grouped(self) -> list[_Group]:
        """Heads of equal learning rate, which one call of the kernel updates."""
        heads: dict[float, list[int]] = {}
        for head, rate in enumerate(self._rates):
            heads.setdefault(rate, []).append(head)
        return [
            _Group(
                rate,
                own,
                _parts(self._weights, own),
                _parts(self._first, own),
                _parts(self._second, own),
            )
            for rate, own in heads.items()
        ]

    @property
    def size(self) -> int:
        """Number of weights that a step updates."""
        return sum(weight.numel() for weight in self._weights)

    @property
    def moments(self) -> list[Tensor]:
        """What a step updates beside the weights: both moments, and the number of steps."""
        return [*self._first, *self._second, self._steps]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step.

        Args:
            gradients: Of all weights, in their order and shape.
        """
        self._steps += 1
        for rate, heads, weights, first, second in self._groups:
            torch._fused_adam_(
                weights,
                _parts(gradients, heads),
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

    def keep(self, indices: Sequence[int], weights: Sequence[Tensor]) -> None:
        """Drop all heads but these.

        Args:
            indices: Of the heads that stay.
            weights: Theirs, to be updated from now on.
        """
        kept = list(indices)
        self._weights = list(weights)
        self._rates = [self._rates[index] for index in kept]
        self._first = [moment[kept] for moment in self._first]
        self._second = [moment[kept] for moment in self._second]
        self._groups = self._grouped()


def _parts(tensors: Sequence[Tensor], heads: Sequence[int]) -> list[Tensor]:
    """Some heads' parts of tensors of shape (heads, ...)."""
    return [tensor[head] for tensor in tensors for head in heads]
