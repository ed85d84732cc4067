"""Matrix products of a stack: the same product for every head, on inputs shared or their own."""

from __future__ import annotations

import torch
from torch import Tensor


def product(weights: Tensor, values: Tensor) -> Tensor:
    """Weights of all heads times columns.

    Args:
        weights: Shape (heads, out, in).
        values: Shape (in, rows), shared by all heads, or (heads, in, rows).

    Returns:
        Shape (heads, out, rows).
    """
    if values.ndim == 2:
        return (weights.flatten(0, 1) @ values).view(*weights.shape[:2], -1)
    return _each(weights, values)


def weight_gradients(gradients: Tensor, values: Tensor) -> Tensor:
    """What `product` hands back to the weights.

    Args:
        gradients: Of the product, shape (heads, out, rows).
        values: As `product` took them.

    Returns:
        float32, shape (heads, out, in).
    """
    if values.ndim == 2:
        flat = gradients.flatten(0, 1) @ values.T
        return flat.view(*gradients.shape[:2], -1).float()
    return _each(gradients, values.transpose(1, 2)).float()


def value_gradients(weights: Tensor, gradients: Tensor) -> Tensor:
    """What `product` hands back to each head's own values, shape (heads, in, rows)."""
    return _each(weights.transpose(1, 2), gradients)


def _each(left: Tensor, right: Tensor) -> Tensor:
    if left.device.type != "cpu":
        return torch.bmm(left, right)
    # oneDNN's batched product turns transposed matrices over first: a projection's gradients took
    # six times as long. Head by head the same numbers come out.
    out = left.new_empty(len(left), left.shape[1], right.shape[2])
    for head, place in enumerate(out):
        torch.mm(left[head], right[head], out=place)
    return out
