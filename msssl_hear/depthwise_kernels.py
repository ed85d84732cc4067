"""Triton kernels: depthwise convolution of tensors whose channels lie last in memory.

Its arithmetic is small, so that it should take as long as to read the input and write the output.
Tensors are (batch, time, frequency, channels), contiguous; sums are float32. Padding is half the
kernel, so that stride 1 keeps time and frequency. ``fused_depthwise`` makes a differentiable
function of them.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

PROGRAMS = 256
"""Of the weights' gradient at most, for each row of the kernel."""


@triton.jit(do_not_specialize=["frames_in", "frames_out"])
def _forward(
    x, weight, out, frames_in, frames_out,
    BANDS_IN: tl.constexpr, BANDS_OUT: tl.constexpr, CHANNELS: tl.constexpr,
    KERNEL: tl.constexpr, STRIDE: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One frame of the output."""
    frame = tl.program_id(0)
    clip, time = frame // frames_out, frame % frames_out
    row = tl.arange(0, ROWS)[:, None]
    column = tl.arange(0, COLUMNS)[None, :]
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for i in range(KERNEL):  # unrolled, it took ten seconds to compile
        source = time * STRIDE + i - KERNEL // 2
        base = x + (clip.to(tl.int64) * frames_in + source) * (BANDS_IN * CHANNELS)
        bands = tl.where((source >= 0) & (source < frames_in), BANDS_IN, 0)
        for j in tl.static_range(KERNEL):
            band = row * STRIDE + j - KERNEL // 2
            inside = (row < BANDS_OUT) & (band >= 0) & (band < bands) & (column < CHANNELS)
            value = tl.load(base + band * CHANNELS + column, mask=inside, other=0.0)
            tap = weight + (i * KERNEL + j) * CHANNELS + column
            total += value.to(tl.float32) * tl.load(tap, mask=column < CHANNELS, other=0.0)
    places = frame.to(tl.int64) * (BANDS_OUT * CHANNELS) + row * CHANNELS + column
    tl.store(out + places, total, mask=(row < BANDS_OUT) & (column < CHANNELS))


@triton.jit(do_not_specialize=["frames_in", "frames_out"])
def _input_backward(
    given, weight, found, frames_in, frames_out,
    BANDS_IN: tl.constexpr, BANDS_OUT: tl.constexpr, CHANNELS: tl.constexpr,
    KERNEL: tl.constexpr, STRIDE: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """One frame of the input's gradient: from each output that read it."""
    frame = tl.program_id(0)
    clip, time = frame // frames_in, frame % frames_in
    row = tl.arange(0, ROWS)[:, None]
    column = tl.arange(0, COLUMNS)[None, :]
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for i in range(KERNEL):
        moved = time + KERNEL // 2 - i
        reader = moved // STRIDE
        read = (moved >= 0) & (moved % STRIDE == 0) & (reader < frames_out)
        bands = tl.where(read, BANDS_OUT, 0)
        base = given + (clip.to(tl.int64) * frames_out + reader) * (BANDS_OUT * CHANNELS)
        for j in tl.static_range(KERNEL):
            shifted = row + KERNEL // 2 - j
            band = shifted // STRIDE
            inside = (row < BANDS_IN) & (shifted >= 0) & (shifted % STRIDE == 0)
            inside = inside & (band < bands) & (column < CHANNELS)
            value = tl.load(base + band * CHANNELS + column, mask=inside, other=0.0)
            tap = weight + (i * KERNEL + j) * CHANNELS + column
            total += value.to(tl.float32) * tl.load(tap, mask=column < CHANNELS, other=0.0)
    places = frame.to(tl.int64) * (BANDS_IN * CHANNELS) + row * CHANNELS + column
    tl.store(found + places, total, mask=(row < BANDS_IN) & (column < CHANNELS))


@triton.jit
def _read(
    base, row, column, j: tl.constexpr,
    BANDS_IN: tl.constexpr, BANDS_OUT: tl.constexpr, CHANNELS: tl.constexpr,
    KERNEL: tl.constexpr, STRIDE: tl.constexpr,
):  # fmt: skip
    """What column ``j`` of the kernel read for a frame of the output."""
    band = row * STRIDE + j - KERNEL // 2
    inside = (row < BANDS_OUT) & (band >= 0) & (band < BANDS_IN) & (column < CHANNELS)
    return tl.load(base + band * CHANNELS + column, mask=inside, other=0.0).to(tl.float32)


@triton.jit(do_not_specialize=["frames", "frames_in", "frames_out"])
def _weight_backward(
    x, given, partial, frames, frames_in, frames_out,
    BANDS_IN: tl.constexpr, BANDS_OUT: tl.constexpr, CHANNELS: tl.constexpr,
    KERNEL: tl.constexpr, STRIDE: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Some frames' part of the gradient of one row of the kernel."""
    program, i = tl.program_id(0), tl.program_id(1)
    row = tl.arange(0, ROWS)[:, None]
    column = tl.arange(0, COLUMNS)[None, :]
    first = tl.zeros((ROWS, COLUMNS), tl.float32)
    second = tl.zeros((ROWS, COLUMNS), tl.float32)
    third = tl.zeros((ROWS, COLUMNS), tl.float32)
    fourth = tl.zeros((ROWS, COLUMNS), tl.float32)
    fifth = tl.zeros((ROWS, COLUMNS), tl.float32)
    for frame in range(program, frames, tl.num_programs(0)):
        clip, time = frame // frames_out, frame % frames_out
        source = time * STRIDE + i - KERNEL // 2
        bands = tl.where((source >= 0) & (source < frames_in), BANDS_OUT, 0)
        inside = (row < bands) & (column < CHANNELS)
        places = tl.cast(frame, tl.int64) * (BANDS_OUT * CHANNELS) + row * CHANNELS + column
        gradient = tl.load(given + places, mask=inside, other=0.0).to(tl.float32)
        # Outside of the clip the gradient is 0, and what is read there must be a number.
        source = tl.minimum(tl.maximum(source, 0), frames_in - 1)
        base = x + (tl.cast(clip, tl.int64) * frames_in + source) * (BANDS_IN * CHANNELS)
        first += gradient * _read(
            base, row, column, 0, BANDS_IN, BANDS_OUT, CHANNELS, KERNEL, STRIDE
        )
        second += gradient * _read(
            base, row, column, 1, BANDS_IN, BANDS_OUT, CHANNELS, KERNEL, STRIDE
        )
        third += gradient * _read(
            base, row, column, 2, BANDS_IN, BANDS_OUT, CHANNELS, KERNEL, STRIDE
        )
        if KERNEL == 5:
            fourth += gradient * _read(
                base, row, column, 3, BANDS_IN, BANDS_OUT, CHANNELS, KERNEL, STRIDE
            )
            fifth += gradient * _read(
                base, row, column, 4, BANDS_IN, BANDS_OUT, CHANNELS, KERNEL, STRIDE
            )
    column = tl.arange(0, COLUMNS)
    own = partial + (program * KERNEL + i) * KERNEL * CHANNELS + column
    used = column < CHANNELS
    tl.store(own, tl.sum(first, axis=0), mask=used)
    tl.store(own + CHANNELS, tl.sum(second, axis=0), mask=used)
    tl.store(own + 2 * CHANNELS, tl.sum(third, axis=0), mask=used)
    if KERNEL == 5:
        tl.store(own + 3 * CHANNELS, tl.sum(fourth, axis=0), mask=used)
        tl.store(own + 4 * CHANNELS, tl.sum(fifth, axis=0), mask=used)


def _sizes(x: Tensor, bands_out: int, kernel: int, stride: int, rows: int) -> dict[str, int]:
    """What the kernels are compiled for, and how many threads share a frame."""
    _, _, bands, channels = x.shape
    tile = triton.next_power_of_2(rows), triton.next_power_of_2(channels)
    return {
        "BANDS_IN": bands,
        "BANDS_OUT": bands_out,
        "CHANNELS": channels,
        "KERNEL": kernel,
        "STRIDE": stride,
        "ROWS": tile[0],
        "COLUMNS": tile[1],
        "num_warps": min(max(tile[0] * tile[1] // 512, 1), 8),
    }


def run_forward(x: Tensor, weight: Tensor, kernel: int, stride: int) -> Tensor:
    """The convolution.

    Args:
        x: Shape (batch, time, frequency, channels).
        weight: float32, shape (kernel * kernel, channels).
        kernel: 3 or 5.
        stride: Of time and frequency.

    Returns:
        Shape (batch, ceil(time / stride), ceil(frequency / stride), channels).
    """
    batch, frames, bands, channels = x.shape
    later, higher = -(-frames // stride), -(-bands // stride)
    out = x.new_empty(batch, later, higher, channels)
    sizes = _sizes(x, higher, kernel, stride, higher)
    with torch.cuda.device_of(x):
        _forward[(batch * later,)](x, weight, out, frames, later, **sizes)
    return out


def run_backward(
    x: Tensor, weight: Tensor, given: Tensor, kernel: int, stride: int
) -> tuple[Tensor, Tensor]:
    """Gradients of input and weight, in their shapes; arguments are those of `run_forward`."""
    batch, frames, bands, channels = x.shape
    later, higher = given.shape[1:3]
    found = torch.empty_like(x)
    sizes = _sizes(x, higher, kernel, stride, bands)
    programs = min(batch * later, PROGRAMS)
    partial = x.new_empty(programs, kernel * kernel, channels, dtype=torch.float32)
    with torch.cuda.device_of(x):
        _input_backward[(batch * frames,)](given, weight, found, frames, later, **sizes)
        sizes = _sizes(x, higher, kernel, stride, higher)
        _weight_backward[(programs, kernel)](
            x, given, partial, batch * later, frames, later, **sizes
        )
    return found, partial.sum(0)
