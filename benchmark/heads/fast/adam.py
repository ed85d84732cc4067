"""Adam for stacked heads, each with a learning rate of its own, by torch's fused kernel.

The numbers are those of ``torch.optim.Adam(fused=True)``. That class imports half of torch
(torch._dynamo) when it is first made, which takes longer than all heads of a small task.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

BETAS, EPS = (0.9, 0.999), 1e-8  # torch.optim.Adam's defaults, as upstream has them


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
        self._per_head = self._split()

    def _split(self) -> list[list[tuple[Tensor, ...]]]:
        """Each head's part of weights and moments, ready for every step."""
        return [_heads_of(part) for part in (self._weights, self._first, self._second)]

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
        weights, first, second = self._per_head
        for head, (own, rate) in enumerate(zip(_heads_of(gradients), self._rates, strict=True)):
            torch._fused_adam_(
                weights[head],
                own,
                first[head],
                second[head],
                [],
                [self._steps] * len(self._weights),
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
        self._per_head = self._split()


def _heads_of(tensors: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
    """Each head's part of tensors of shape (heads, ...)."""
    return list(zip(*(tensor.unbind() for tensor in tensors), strict=True))
