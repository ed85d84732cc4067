"""One hidden layer of all heads of a stack: products, dropout, forward and backward written out.

torch's autograd would compute the same sums. Written out they need no copies of gradients,
activations are changed in place, and every product gets the layout in which it is fast.

Dropout is ten times cheaper than torch's on a CPU. ``torch.dropout`` draws one number after the
other, which took a third of a training step. Here a 64-bit number gives four 16-bit draws, and all
heads of a stack share a mask: each head still sees masks that are independent from step to step.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

DRAWS = 4  # 16-bit draws in a 64-bit number
LEVELS = 2**16
BFLOAT16_ONE = 0x3F80  # its bits


def keep_mask(
    rows: int, columns: int, dropout: float, dtype: torch.dtype, generator: torch.Generator
) -> Tensor:
    """Which units are kept: 1 with probability ``1 - dropout``, to 16 bits, else 0.

    Args:
        rows: First size.
        columns: Second size.
        dropout: Probability of a 0.
        dtype: Floating-point type of the mask.
        generator: Source of the draws; its device is the mask's.

    Returns:
        Shape (rows, columns).
    """
    count = rows * columns
    draws = torch.empty(-(-count // DRAWS), dtype=torch.int64, device=generator.device)
    draws.random_(-(2**63), None, generator=generator)
    lowest_kept = round(dropout * LEVELS) - LEVELS // 2
    uniform = draws.view(torch.int16)[:count].view(rows, columns)
    # Comparing into the same integer type is vectorised; into bool it is not.
    kept = torch.ge(uniform, lowest_kept, out=torch.empty_like(uniform))
    if dtype == torch.bfloat16:  # 0 and 1 by their bits: a conversion costs more than the draws
        return kept.mul_(BFLOAT16_ONE).view(torch.bfloat16)
    return kept.to(dtype)


def masked_relu_(values: Tensor, mask: Tensor) -> Tensor:
    """``relu(values) * mask`` for a mask of zeros and ones, in place.

    Args:
        values: Of any shape; overwritten.
        mask: Broadcasts to it.
    """
    return torch.relu_(values).mul_(mask)


def masked_relu_gradient_(gradients: Tensor, product: Tensor) -> Tensor:
    """Gradients of the values, in the place of those of what `masked_relu_` made of them.

    Where the product is 0, so is its gradient: neither mask nor values are needed.
    """
    passed: Tensor = torch.ops.aten.threshold_backward.grad_input(
        gradients, product, 0, grad_input=gradients
    )
    return passed


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


BN_MOMENTUM, BN_EPS = 0.1, 1e-5  # torch.nn.BatchNorm1d's defaults, as upstream has them


Affine = tuple[Tensor, Tensor]
"""Weights, shape (heads, out, in), and what is added to their products, (heads, out, 1)."""


class _Passed(NamedTuple):
    """What a backward pass needs of the forward pass."""

    weights: Tensor  # rounded, (heads, units, in)
    values: Tensor  # what came in
    products: Tensor  # (1, heads * units, rows), before BatchNorm
    gains: Tensor  # BatchNorm's factors, scaled up as dropout does, (heads * units,)
    mean: Tensor
    inverse_std: Tensor
    activations: Tensor  # (heads, units, rows)


class LayerTensors(NamedTuple):
    """Weights and statistics of the same hidden layer of several heads, float32.

    Attributes:
        weight: Of the linear layer, shape (heads, units, in).
        scale: BatchNorm's weights, shape (heads, units), as all that follow.
        shift: Its biases.
        mean: Its running means, updated in place.
        variance: Its running variances, likewise.
    """

    weight: Tensor
    scale: Tensor
    shift: Tensor
    mean: Tensor
    variance: Tensor

    @property
    def trained(self) -> list[Tensor]:
        """Those that an optimiser updates."""
        return [self.weight, self.scale, self.shift]


class StackedLayer:
    """Linear, BatchNorm, ReLU and dropout of the same hidden layer of several heads.

    Args:
        tensors: Of all heads; only the running statistics are changed here.
        gain: By how much dropout scales up what it keeps.
    """

    def __init__(self, tensors: LayerTensors, gain: float) -> None:
        self.tensors = tensors
        self.gain = gain
        self._gradients: list[Tensor] = []
        self._mean, self._variance = tensors.mean.view(-1), tensors.variance.view(-1)
        self._passed: _Passed | None = None

    @property
    def units(self) -> int:
        """Of one head."""
        return self.tensors.weight.shape[1]

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Activations of one training step, shape (heads, units, rows).

        Args:
            values: Shape (in, rows) for all heads, or (heads, in, rows).
            mask: Zeros and ones of dropout, shape (units, rows), for all heads.
        """
        weights = self.tensors.weight.to(values.dtype)
        products = product(weights, values).view(1, len(self._mean), -1)
        # What is kept is scaled up, as dropout does; here through BatchNorm's own factors.
        gains = self.tensors.scale.view(-1) * self.gain
        biases = self.tensors.shift.view(-1) * self.gain
        normed, mean, inverse_std = torch.native_batch_norm(
            products, gains, biases, self._mean, self._variance, True, BN_MOMENTUM, BN_EPS
        )
        activations = masked_relu_(normed.view(len(weights), *mask.shape), mask)
        self._passed = _Passed(weights, values, products, gains, mean, inverse_std, activations)
        return activations

    def backward(self, gradients: Tensor) -> Tensor:
        """Keep the gradients of all weights, for `taken_gradients`.

        Args:
            gradients: Of the activations of the last forward pass; they are overwritten.

        Returns:
            Gradients of the products before BatchNorm, for `input_gradients`.
        """
        assert self._passed is not None  # forward comes first
        passed = self._passed
        masked = masked_relu_gradient_(gradients, passed.activations)
        found, gains, biases = torch.ops.aten.native_batch_norm_backward(
            masked.view(passed.products.shape),
            passed.products,
            passed.gains,
            self._mean,
            self._variance,
            passed.mean,
            passed.inverse_std,
            True,
            BN_EPS,
            [True, True, True],
        )
        of_products: Tensor = found.view(gradients.shape)
        shape = self.tensors.scale.shape
        of_scale, of_shift = (gains * self.gain).view(shape), (biases * self.gain).view(shape)
        self._gradients = [weight_gradients(of_products, passed.values), of_scale, of_shift]
        return of_products

    def taken_gradients(self) -> list[Tensor]:
        """Those of `LayerTensors.trained`, after `backward`; the step's memory is free then."""
        taken, self._gradients, self._passed = self._gradients, [], None
        return taken

    def input_gradients(self, of_products: Tensor) -> Tensor:
        """Gradients of what came in, where each head had values of its own: (heads, in, rows)."""
        assert self._passed is not None
        return value_gradients(self._passed.weights, of_products)

    def folded(self, dtype: torch.dtype, offset: Tensor | None = None) -> Affine:
        """The layer as validation takes it: BatchNorm's running statistics are in its weights.

        Args:
            dtype: Of the products.
            offset: What its products lack, shape (heads, units).
        """
        weight, scale, shift, mean, variance = self.tensors
        factor = scale / (variance + BN_EPS).sqrt()
        added = shift - factor * mean
        if offset is not None:
            added += factor * offset
        return (weight * factor[:, :, None]).to(dtype), added[:, :, None].to(dtype)
