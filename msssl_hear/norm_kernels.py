"""Triton kernels: layer norm over channels with SiLU, mask and gate, in one pass over the memory.

torch's layer norm has a block of threads for each row, and our rows have 8 to 600 channels: on an
H200 it took half of a training step at a batch of 512. Here a program takes a frame, which is the
rows of all its frequencies, and what follows the norm is computed before anything is written.

``fused_norms`` makes differentiable functions of them. Tensors are (batch, time, frequency,
channels), contiguous; sums are float32.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

PROGRAMS = 1024
"""Of the backward kernel at most: each adds up its frames' gradients of scale and shift."""


@triton.jit
def _places(
    frame,
    BANDS: tl.constexpr, CHANNELS: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Where a frame's numbers are, and which of the tile's places are of the frame."""
    row = tl.arange(0, ROWS)[:, None]
    column = tl.arange(0, COLUMNS)[None, :]
    places = frame.to(tl.int64) * (BANDS * CHANNELS) + row * CHANNELS + column
    return places, (row < BANDS) & (column < CHANNELS)


@triton.jit
def _normalised(x, places, inside, eps, CHANNELS: tl.constexpr):
    """Rows of mean 0 and variance 1, and what they were multiplied by."""
    value = tl.load(x + places, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(value, axis=1) / CHANNELS
    centred = tl.where(inside, value - mean[:, None], 0.0)
    variance = tl.sum(centred * centred, axis=1) / CHANNELS
    scale = 1.0 / tl.sqrt(variance + eps)
    return centred * scale[:, None], scale


@triton.jit
def _per_channel(numbers, places, used):
    """One number for each channel, as a row that goes with every frequency."""
    return tl.load(numbers + places, mask=used, other=0.0).to(tl.float32)[None, :]


@triton.jit
def _forward(
    x, weight, bias, mask, gate, out, eps,
    BANDS: tl.constexpr, CHANNELS: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    ACTIVATE: tl.constexpr, MASKED: tl.constexpr, GATED: tl.constexpr, POOL: tl.constexpr,
):  # fmt: skip
    """One frame: norm, SiLU, then times mask or gate, or the mean over frequencies alone."""
    frame = tl.program_id(0)
    places, inside = _places(frame, BANDS, CHANNELS, ROWS, COLUMNS)
    column = tl.arange(0, COLUMNS)
    used = column < CHANNELS
    normal, _ = _normalised(x, places, inside, eps, CHANNELS)
    scale, shift = _per_channel(weight, column, used), _per_channel(bias, column, used)
    value = normal * scale + shift
    if ACTIVATE:
        value = value * tl.sigmoid(value)
    if MASKED:
        value = value * tl.load(mask + frame).to(tl.float32)
    own = frame.to(tl.int64) * CHANNELS + column
    if GATED:
        value = value * _per_channel(gate, own, used)
    if POOL:
        mean = tl.sum(tl.where(inside, value, 0.0), axis=0) / BANDS
        tl.store(out + own, mean, mask=used)
    else:
        tl.store(out + places, value, mask=inside)


@triton.jit
def _gate_backward(
    x, weight, bias, given, found, eps,
    BANDS: tl.constexpr, CHANNELS: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One frame: gradient of the gate, the sum over frequencies of gradient times activation."""
    frame = tl.program_id(0)
    places, inside = _places(frame, BANDS, CHANNELS, ROWS, COLUMNS)
    column = tl.arange(0, COLUMNS)
    used = column < CHANNELS
    normal, _ = _normalised(x, places, inside, eps, CHANNELS)
    scale, shift = _per_channel(weight, column, used), _per_channel(bias, column, used)
    value = normal * scale + shift
    value = value * tl.sigmoid(value)
    gradient = tl.load(given + places, mask=inside, other=0.0).to(tl.float32)
    total = tl.sum(gradient * value, axis=0)
    tl.store(found + frame.to(tl.int64) * CHANNELS + column, total, mask=used)


@triton.jit(do_not_specialize=["frames"])
def _backward(
    x, weight, bias, mask, gate, pooled, given, found, partial, frames, eps,
    BANDS: tl.constexpr, CHANNELS: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    ACTIVATE: tl.constexpr, MASKED: tl.constexpr, GATED: tl.constexpr,
):  # fmt: skip
    """Some frames: gradient of the input, and the program's part of those of scale and shift."""
    program = tl.program_id(0)
    programs = tl.num_programs(0)
    column = tl.arange(0, COLUMNS)
    used = column < CHANNELS
    scale, shift = _per_channel(weight, column, used), _per_channel(bias, column, used)
    of_scale = tl.zeros((ROWS, COLUMNS), tl.float32)
    of_shift = tl.zeros((ROWS, COLUMNS), tl.float32)
    for frame in range(program, frames, programs):
        place = tl.cast(frame, tl.int64)
        places, inside = _places(place, BANDS, CHANNELS, ROWS, COLUMNS)
        normal, inverse = _normalised(x, places, inside, eps, CHANNELS)
        gradient = tl.load(given + places, mask=inside, other=0.0).to(tl.float32)
        own = place * CHANNELS + column
        if GATED:
            gradient = gradient * _per_channel(gate, own, used)
            mean = _per_channel(pooled, own, used) / BANDS
            gradient = tl.where(inside, gradient + mean, 0.0)
        if MASKED:
            gradient = gradient * tl.load(mask + place).to(tl.float32)
        if ACTIVATE:
            value = normal * scale + shift
            share = tl.sigmoid(value)
            gradient = gradient * share * (1.0 + value * (1.0 - share))
        of_scale += gradient * normal
        of_shift += gradient
        gradient = gradient * scale
        along = tl.sum(gradient * normal, axis=1) / CHANNELS
        mean_gradient = tl.sum(gradient, axis=1) / CHANNELS
        result = (gradient - normal * along[:, None] - mean_gradient[:, None]) * inverse[:, None]
        tl.store(found + places, result, mask=inside)
    own = program * CHANNELS + column
    tl.store(partial + own, tl.sum(of_scale, axis=0), mask=used)
    tl.store(partial + programs * CHANNELS + own, tl.sum(of_shift, axis=0), mask=used)


def _tile(x: Tensor) -> dict[str, int]:
    """Sizes that the kernels are compiled for, and how many threads share a frame."""
    bands, channels = x.shape[2:]
    rows, columns = triton.next_power_of_2(bands), triton.next_power_of_2(channels)
    warps = min(max(rows * columns // 512, 1), 8)
    sizes = {"BANDS": bands, "CHANNELS": channels, "ROWS": rows, "COLUMNS": columns}
    return {**sizes, "num_warps": warps}


def run_forward(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float,
    out: Tensor,
    activate: bool = True,
    mask: Tensor | None = None,
    gate: Tensor | None = None,
    pool: bool = False,
) -> Tensor:
    """Write what follows the norm into ``out``, or with ``pool`` its mean over frequencies."""
    with torch.cuda.device_of(x):
        _forward[(x.shape[0] * x.shape[1],)](
            x,
            weight,
            bias,
            x if mask is None else mask,
            x if gate is None else gate,
            out,
            eps,
            **_tile(x),
            ACTIVATE=activate,
            MASKED=mask is not None,
            GATED=gate is not None,
            POOL=pool,
        )
    return out


def run_backward(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    eps: float,
    given: Tensor,
    activate: bool = True,
    mask: Tensor | None = None,
    gate: Tensor | None = None,
    pooled: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of input, scale and shift."""
    frames = x.shape[0] * x.shape[1]
    programs = min(frames, PROGRAMS)
    found = torch.empty_like(x)
    partial = torch.empty(2, programs, x.shape[3], dtype=torch.float32, device=x.device)
    with torch.cuda.device_of(x):
        _backward[(programs,)](
            x,
            weight,
            bias,
            x if mask is None else mask,
            x if gate is None else gate,
            x if pooled is None else pooled,
            given,
            found,
            partial,
            frames,
            eps,
            **_tile(x),
            ACTIVATE=activate,
            MASKED=mask is not None,
            GATED=gate is not None,
        )
    of_scale, of_shift = partial.sum(1)
    return found, of_scale.to(weight.dtype), of_shift.to(bias.dtype)


def run_gate_backward(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float, given: Tensor, found: Tensor
) -> None:
    """Write the gradient of the gate, shape (batch, time, channels)."""
    with torch.cuda.device_of(x):
        _gate_backward[(x.shape[0] * x.shape[1],)](x, weight, bias, given, found, eps, **_tile(x))
