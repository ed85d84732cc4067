"""The encoder as ONNX operators.

Values are (batch, time, frequency, channels): there a convolution of size 1 is a matrix product,
and a normalisation over channels has them side by side. Only depthwise convolutions want channels
first.
"""

from __future__ import annotations

import numpy as np
from torch import nn

from msssl_hear.efficientnet import DepthwiseSeparable, InvertedResidual, SqueezeExcite
from msssl_hear.encoder import HOP_FRAMES, TAPPED_STAGES, Encoder
from msssl_hear.export.onnx_graph import OnnxGraph

CHANNELS_FIRST = (0, 3, 1, 2)
CHANNELS_LAST = (0, 2, 3, 1)


def encoder_nodes(
    graph: OnnxGraph, encoder: Encoder, log_mel: str, contrast: str | None = None
) -> str:
    """Add ``Encoder.forward`` without lengths.

    Args:
        graph: Where to add it.
        encoder: The encoder.
        log_mel: Normalised log-mel, shape (batch, frames, n_mels).
        contrast: Spectral contrast, shape (batch, ceil(frames / 4), bins), for a pitch branch.

    Returns:
        Frame embeddings, shape (batch, ceil(frames / 4), size).
    """
    frames = graph.op("Shape", log_mel, start=1, end=2)
    positions = graph.op("Div", graph.op("Add", frames, [HOP_FRAMES - 1]), [HOP_FRAMES])
    tapped = _trunk(graph, encoder, log_mel)
    levels = []
    for index, (tap, stride) in enumerate(zip(encoder.taps, encoder.strides, strict=True)):
        assert isinstance(tap, nn.Linear)
        size, bands = tap.out_features, tap.in_features
        flat = graph.op("Reshape", tapped[index], [0, -1, bands])
        level = graph.linear(flat, tap, f"encoder.taps.{index}")
        factor = stride // HOP_FRAMES
        levels.append(graph.slice(_upsampled(graph, level, factor, size), 0, positions, 1))
    pyramid = levels[0]
    for level in levels[1:]:
        pyramid = graph.op("Add", pyramid, level)
    numbers = graph.layer_norm(pyramid, encoder.norm, "encoder.norm")
    branch = encoder.pitch_branch
    if branch is not None:
        assert contrast is not None
        dense = graph.linear(contrast, branch.linear, "encoder.pitch_branch.linear")
        normed = graph.layer_norm(dense, branch.norm, "encoder.pitch_branch.norm")
        scaled = graph.op("Mul", normed, branch.scale)
        numbers = graph.op("Concat", numbers, scaled, axis=2)
    return _smoothed(graph, encoder, numbers)


def _trunk(graph: OnnxGraph, encoder: Encoder, log_mel: str) -> list[str]:
    """Outputs of the tapped stages."""
    trunk, name = encoder.trunk, "encoder.trunk"
    one_channel = graph.op("Unsqueeze", log_mel, [1])
    x = _convolved(graph, one_channel, trunk.conv_stem, f"{name}.conv_stem")
    x = graph.silu(graph.layer_norm(x, _norm(trunk.bn1), f"{name}.bn1"))
    outputs = []
    for stage, blocks in enumerate(trunk.blocks):
        assert isinstance(blocks, nn.ModuleList)
        for repeat, block in enumerate(blocks):
            place = f"{name}.blocks.{stage}.{repeat}"
            if isinstance(block, DepthwiseSeparable):
                x = _depthwise_separable(graph, block, x, place)
            else:
                assert isinstance(block, InvertedResidual)
                x = _inverted_residual(graph, block, x, place)
        outputs.append(x)
    return [outputs[index] for index in TAPPED_STAGES]


def _depthwise_separable(graph: OnnxGraph, block: DepthwiseSeparable, x: str, name: str) -> str:
    x = _depthwise(graph, block.conv_dw, x, f"{name}.conv_dw")
    x = graph.silu(graph.layer_norm(x, _norm(block.bn1), f"{name}.bn1"))
    x = graph.linear(_gated(graph, block.se, x, f"{name}.se"), block.conv_pw, f"{name}.conv_pw")
    return graph.layer_norm(x, _norm(block.bn2), f"{name}.bn2")


def _inverted_residual(graph: OnnxGraph, block: InvertedResidual, x: str, name: str) -> str:
    y = graph.linear(x, block.conv_pw, f"{name}.conv_pw")
    y = graph.silu(graph.layer_norm(y, _norm(block.bn1), f"{name}.bn1"))
    y = _depthwise(graph, block.conv_dw, y, f"{name}.conv_dw")
    y = graph.silu(graph.layer_norm(y, _norm(block.bn2), f"{name}.bn2"))
    y = graph.linear(_gated(graph, block.se, y, f"{name}.se"), block.conv_pwl, f"{name}.conv_pwl")
    y = graph.layer_norm(y, _norm(block.bn3), f"{name}.bn3")
    return graph.op("Add", x, y) if block.residual else y


def _gated(graph: OnnxGraph, gate: SqueezeExcite, x: str, name: str) -> str:
    if not gate.frame_wise:
        raise ValueError("only an encoder whose gates see one frame at a time can be exported")
    mean = graph.op("ReduceMean", x, [2], keepdims=1)
    reduced = graph.silu(graph.linear(mean, gate.conv_reduce, f"{name}.conv_reduce"))
    expanded = graph.linear(reduced, gate.conv_expand, f"{name}.conv_expand")
    return graph.op("Mul", x, graph.op("Sigmoid", expanded))


def _depthwise(graph: OnnxGraph, conv: nn.Conv2d, x: str, name: str) -> str:
    first = graph.op("Transpose", x, perm=CHANNELS_FIRST)
    return _convolved(graph, first, conv, name)


def _convolved(graph: OnnxGraph, x: str, conv: nn.Conv2d, name: str) -> str:
    """A convolution of channels first to channels last."""
    padding = [int(p) for p in conv.padding]
    made = graph.op(
        "Conv",
        x,
        graph.constant(conv.weight, f"{name}.weight"),
        kernel_shape=conv.kernel_size,
        strides=conv.stride,
        pads=padding * 2,
        group=conv.groups,
    )
    return graph.op("Transpose", made, perm=CHANNELS_LAST)


def _norm(layer: nn.Module) -> nn.LayerNorm:
    if not isinstance(layer, nn.LayerNorm):
        raise ValueError("only an encoder with layer normalisation can be exported")
    return layer


def _upsampled(graph: OnnxGraph, x: str, factor: int, size: int) -> str:
    """``upsample_linear``: between a position and the next one; the last is held."""
    if factor == 1:
        return x
    last = graph.slice(x, -1, 2**31 - 1, 1)
    following = graph.op("Concat", graph.slice(x, 1, 2**31 - 1, 1), last, axis=1)
    step = graph.op("Unsqueeze", graph.op("Sub", following, x), [2])
    weight = np.arange(factor, dtype=np.float32).reshape(-1, 1) / np.float32(factor)
    between = graph.op("Add", graph.op("Unsqueeze", x, [2]), graph.op("Mul", step, weight))
    return graph.op("Reshape", between, [0, -1, size])


def _smoothed(graph: OnnxGraph, encoder: Encoder, x: str) -> str:
    """``Encoder._smooth``: add a depthwise convolution over time."""
    conv = encoder.smoothing
    smoothed = graph.op(
        "Conv",
        graph.op("Transpose", x, perm=(0, 2, 1)),
        graph.constant(conv.weight, "encoder.smoothing.weight"),
        graph.constant(conv.bias if conv.bias is not None else 0.0, "encoder.smoothing.bias"),
        kernel_shape=conv.kernel_size,
        pads=[int(p) for p in conv.padding] * 2,
        group=conv.groups,
    )
    return graph.op("Add", x, graph.op("Transpose", smoothed, perm=(0, 2, 1)))
