"""Tensors of all processes; without a process group, of this one alone."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def world_size() -> int:
    """Processes of this training."""
    return dist.get_world_size() if _grouped() else 1


def rank() -> int:
    """This process among them, 0 the first."""
    return dist.get_rank() if _grouped() else 0


def all_reduce_sum(x: Tensor) -> Tensor:
    """Sum over the processes, element by element; no gradient flows through it."""
    if not _grouped():
        return x
    total = x.detach().clone()
    dist.all_reduce(total)
    return total


def gather_rows(x: Tensor) -> Tensor:
    """Rows of all processes in the order of their ranks, with gradients.

    Args:
        x: Same shape in each process, (rows, ...).

    Returns:
        Shape (world_size * rows, ...). A row's gradients in all processes are summed and go
        back to the process that has the row.
    """
    if not _grouped():
        return x
    rows: Tensor = _Gather.apply(x)  # type: ignore[no-untyped-call]
    return rows


def _grouped() -> bool:
    return dist.is_available() and dist.is_initialized()


class _Gather(torch.autograd.Function):
    """``all_gather``; ``dist.all_gather`` itself gives no gradients."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ANN401 - torch's context
        x = x.contiguous()
        parts = [torch.empty_like(x) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, x)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401
        (gradient,) = gradients
        # In float32: not all back ends add bfloat16, and none adds it well.
        total = gradient.float().contiguous()
        dist.all_reduce(total)
        own = total.chunk(dist.get_world_size())[dist.get_rank()]
        return own.to(gradient.dtype)
