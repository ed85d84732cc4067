"""Depthwise convolution of channels that lie last in memory, for a CUDA device.

``torch.nn.Conv2d`` is the same, and right where they differ.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from msssl_hear.depthwise_kernels import run_backward, run_forward


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        x: Tensor,
        weight: Tensor,
        stride: int,
    ) -> Tensor:
        kernel = weight.shape[-1]
        taps = weight.flatten(1).T.float().contiguous()
        ctx.save_for_backward(x, taps)
        ctx.kernel, ctx.stride, ctx.shape = kernel, stride, weight.shape
        return run_forward(x, taps, kernel, stride)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, taps = ctx.saved_tensors
        given = gradients[0].contiguous()
        found, of_taps = run_backward(x, taps, given, ctx.kernel, ctx.stride)
        return found, of_taps.T.reshape(ctx.shape), None


def depthwise(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """Convolve each channel with its own kernel, padded by half of it.

    Args:
        x: Shape (batch, time, frequency, channels).
        weight: Shape (channels, 1, kernel, kernel), kernel 3 or 5.
        stride: Of time and frequency.

    Returns:
        Shape (batch, ceil(time / stride), ceil(frequency / stride), channels).
    """
    out: Tensor = _Depthwise.apply(x.contiguous(), weight, stride)  # type: ignore[no-untyped-call]
    return out
