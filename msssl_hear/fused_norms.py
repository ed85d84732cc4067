"""Layer norm and what follows it as one function each, for a CUDA device.

``efficientnet`` has the same in plain torch, and is right where they differ; tests compare both,
also without a GPU (by Triton's interpreter).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from msssl_hear.norm_kernels import run_backward, run_forward, run_gate_backward


class _Norm(torch.autograd.Function):
    """Layer norm, SiLU where asked for, mask where there is one."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's context
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        mask: Tensor | None,
        eps: float,
        activate: bool,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, bias, mask)
        ctx.eps, ctx.activate = eps, activate
        # Activations go into a convolution, which takes the type of its input; what is not
        # activated is added to other outputs, in float32 as torch's layer norm under autocast.
        out = torch.empty_like(x, dtype=x.dtype if activate else torch.float32)
        return run_forward(x, weight, bias, eps, out, activate, mask)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, weight, bias, mask = ctx.saved_tensors
        given = gradients[0].contiguous()
        found = run_backward(x, weight, bias, ctx.eps, given, ctx.activate, mask)
        return (*found, None, None, None)


class _GatedNorm(torch.autograd.Function):
    """Layer norm and SiLU, then squeeze-excite of each frame."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        reduce: Tensor,
        reduce_bias: Tensor,
        expand: Tensor,
        expand_bias: Tensor,
        eps: float,
    ) -> Tensor:
        pooled = x.new_empty(x.shape[0], x.shape[1], x.shape[3], dtype=torch.float32)
        run_forward(x, weight, bias, eps, pooled, pool=True)
        squeezed = F.linear(pooled, reduce, reduce_bias)
        gate = F.linear(F.silu(squeezed), expand, expand_bias).sigmoid()
        ctx.save_for_backward(x, weight, bias, pooled, squeezed, gate, reduce, expand)
        ctx.eps = eps
        return run_forward(x, weight, bias, eps, torch.empty_like(x), gate=gate)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, weight, bias, pooled, squeezed, gate, reduce, expand = ctx.saved_tensors
        given = gradients[0].contiguous()
        of_gate = torch.empty_like(gate)
        run_gate_backward(x, weight, bias, ctx.eps, given, of_gate)
        of_gate = (of_gate * gate * (1.0 - gate)).flatten(0, 1)
        share = squeezed.sigmoid()
        hidden = (squeezed * share).flatten(0, 1)
        slope = (share * (1.0 + squeezed * (1.0 - share))).flatten(0, 1)
        of_squeezed = (of_gate @ expand) * slope
        of_pooled = (of_squeezed @ reduce).view_as(pooled)
        found = run_backward(x, weight, bias, ctx.eps, given, gate=gate, pooled=of_pooled)
        of_reduce = of_squeezed.T @ pooled.flatten(0, 1)
        of_expand = of_gate.T @ hidden
        return (*found, of_reduce, of_squeezed.sum(0), of_expand, of_gate.sum(0), None)


def norm(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float, activate: bool, mask: Tensor | None = None
) -> Tensor:
    """Layer norm over channels, then SiLU, then zeros at padded frames.

    Args:
        x: Shape (batch, time, frequency, channels).
        weight: Scale, shape (channels,).
        bias: Shift, shape (channels,).
        eps: Added to the variance.
        activate: Whether SiLU follows.
        mask: Shape (batch, time), 1 or 0; None: no frame is padded.

    Returns:
        Same shape; float32 where nothing is activated.
    """
    mask = None if mask is None else mask.contiguous()
    out: Tensor = _Norm.apply(x.contiguous(), weight, bias, mask, eps, activate)  # type: ignore[no-untyped-call]
    return out


def gated_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float,
    reduce: tuple[Tensor, Tensor],
    expand: tuple[Tensor, Tensor],
) -> Tensor:
    """Layer norm and SiLU, then squeeze-excite of each frame.

    Args:
        x: Shape (batch, time, frequency, channels).
        weight: As for `norm`.
        bias: As for `norm`.
        eps: As for `norm`.
        reduce: Weight (squeezed, channels) and bias of the gate's first layer.
        expand: Weight (channels, squeezed) and bias of its second.

    Returns:
        Same shape.
    """
    with torch.autocast(x.device.type, enabled=False):  # the gate's products are small
        out: Tensor = _GatedNorm.apply(x.contiguous(), weight, bias, *reduce, *expand, eps)  # type: ignore[no-untyped-call]
    return out
