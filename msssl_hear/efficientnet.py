"""EfficientNet-B0's convolutional trunk for log-mel frames.

Source: Tan & Le 2019, arXiv 1905.11946, table 1.

With ``BatchNorm2d`` and a clip-wise squeeze-excite it is the stock network: module names and values
then equal timm's ``efficientnet_b0`` (``tests/parity``). The encoder uses it with ``ChannelNorm``
and a frame-wise squeeze-excite instead: neither mixes frames, so only the convolutions look beyond
a frame and an embedding does not depend on padding, on chunk borders or on the other clips of a
batch.

Axes: (batch, channels, time, frequency), channels last in memory. A mask of shape
(batch, 1, time, 1) is zero at padded frames; it is applied before every convolution that looks at
other frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Stage(NamedTuple):
    """A row of EfficientNet's table 1."""

    expansion: int
    kernel: int
    stride: int
    channels: int
    repeats: int


B0_STEM_CHANNELS = 32
B0_STAGES = (
    Stage(expansion=1, kernel=3, stride=1, channels=16, repeats=1),
    Stage(expansion=6, kernel=3, stride=2, channels=24, repeats=2),
    Stage(expansion=6, kernel=5, stride=2, channels=40, repeats=2),
    Stage(expansion=6, kernel=3, stride=2, channels=80, repeats=3),
    Stage(expansion=6, kernel=5, stride=1, channels=112, repeats=3),
    Stage(expansion=6, kernel=5, stride=2, channels=192, repeats=4),
    Stage(expansion=6, kernel=3, stride=1, channels=320, repeats=1),
)
STEM_KERNEL = 3

Norm = Callable[[int], nn.Module]


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each time-frequency position.

    It keeps no running statistics: those of BatchNorm alone moved a probe's score by 25 points when
    the audio's domain changed.

    Attributes:
        fused: Whether the kernels of ``fused_norms`` do it, on a CUDA device.
    """

    fused = False

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, shape (batch, channels, time, frequency) in and out."""
        if self.fused:
            return self._kernel(x, activate=False)
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def activated(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Normalise, then SiLU, then zeros where the mask has them."""
        if self.fused:
            return self._kernel(x, activate=True, mask=mask)
        return _masked(F.silu(self(x)), mask)

    def gated(self, x: Tensor, gate: SqueezeExcite) -> Tensor:
        """Normalise, then SiLU, then a gate for each frame."""
        if not self.fused:
            gated: Tensor = gate(F.silu(self(x)))
            return gated
        from msssl_hear.fused_norms import gated_norm

        y = gated_norm(x.permute(0, 2, 3, 1), self.weight, self.bias, self.eps, *gate.layers())
        return y.permute(0, 3, 1, 2)

    def _kernel(self, x: Tensor, activate: bool, mask: Tensor | None = None) -> Tensor:
        from msssl_hear.fused_norms import norm

        frames = None if mask is None else mask[:, 0, :, 0]
        rows = x.permute(0, 2, 3, 1)
        return norm(rows, self.weight, self.bias, self.eps, activate, frames).permute(0, 3, 1, 2)


class SqueezeExcite(nn.Module):
    """Gate on the channels (Hu et al. 2018), one for the clip or one for each frame.

    Args:
        channels: Channels to gate.
        squeezed: Channels of the bottleneck.
        frame_wise: Average over frequency alone, so that each frame has its own gate.
    """

    def __init__(self, channels: int, squeezed: int, frame_wise: bool) -> None:
        super().__init__()
        self.frame_wise = frame_wise
        self.conv_reduce = nn.Conv2d(channels, squeezed, 1)
        self.conv_expand = nn.Conv2d(squeezed, channels, 1)

    def layers(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Weight and bias of both convolutions, as matrices and vectors."""
        reduce, expand = self.conv_reduce, self.conv_expand
        assert reduce.bias is not None and expand.bias is not None
        return (reduce.weight.flatten(1), reduce.bias), (expand.weight.flatten(1), expand.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Gate, shape (batch, channels, time, frequency) in and out."""
        if self.frame_wise:
            return self._gate_frames(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        mean = x.mean((2, 3), keepdim=True)
        gate: Tensor = self.conv_expand(F.silu(self.conv_reduce(mean)))
        return x * gate.sigmoid()

    def _gate_frames(self, rows: Tensor) -> Tensor:
        """Gate each frame, shape (batch, time, frequency, channels) in and out.

        As the numbers lie in memory: means over the last of four axes took a CPU three times as
        long, and so did their gradients.
        """
        reduce, expand = self.layers()
        mean = rows.sum(2) * (1.0 / rows.shape[2])
        gate = F.linear(F.silu(F.linear(mean, *reduce)), *expand).sigmoid()
        return rows * gate.unsqueeze(2)


def _masked(x: Tensor, mask: Tensor | None) -> Tensor:
    return x if mask is None else x * mask


def _activated(norm: nn.Module, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Norm and SiLU, then zeros where the mask has them."""
    if isinstance(norm, ChannelNorm):
        return norm.activated(x, mask)
    return _masked(F.silu(norm(x)), mask)


def _gated(norm: nn.Module, gate: SqueezeExcite, x: Tensor) -> Tensor:
    """Norm and SiLU, then the gate."""
    if isinstance(norm, ChannelNorm):
        return norm.gated(x, gate)
    gated: Tensor = gate(F.silu(norm(x)))
    return gated


class Depthwise(nn.Conv2d):
    """Convolution of each channel with its own kernel, padded by half of it.

    Attributes:
        fused: Whether the kernels of ``fused_depthwise`` do it, on a CUDA device.
    """

    fused = False

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(
            channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, shape (batch, channels, time, frequency) to a stride-th of the last two."""
        if not self.fused:
            return super().forward(x)
        from msssl_hear.fused_depthwise import depthwise

        return depthwise(x.permute(0, 2, 3, 1), self.weight, self.stride[0]).permute(0, 3, 1, 2)


class DepthwiseSeparable(nn.Module):
    """The block of the first stage: depthwise convolution, gate, projection."""

    def __init__(self, in_channels: int, stage: Stage, norm: Norm, frame_wise: bool) -> None:
        super().__init__()
        self.conv_dw = Depthwise(in_channels, stage.kernel, stage.stride)
        self.bn1 = norm(in_channels)
        self.se = SqueezeExcite(in_channels, in_channels // 4, frame_wise)
        self.conv_pw = nn.Conv2d(in_channels, stage.channels, 1, bias=False)
        self.bn2 = norm(stage.channels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Shape (batch, in_channels, time, frequency) -> (batch, channels, time, frequency)."""
        x = _gated(self.bn1, self.se, self.conv_dw(_masked(x, mask)))
        projected: Tensor = self.bn2(self.conv_pw(x))
        return projected


class InvertedResidual(nn.Module):
    """Mobile inverted bottleneck: expansion, depthwise convolution, gate, projection."""

    def __init__(self, in_channels: int, stage: Stage, norm: Norm, frame_wise: bool) -> None:
        super().__init__()
        width = in_channels * stage.expansion
        self.residual = stage.stride == 1 and in_channels == stage.channels
        self.conv_pw = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = norm(width)
        self.conv_dw = Depthwise(width, stage.kernel, stage.stride)
        self.bn2 = norm(width)
        # The gate's bottleneck is a quarter of the block's input, not of its expanded width.
        self.se = SqueezeExcite(width, max(1, in_channels // 4), frame_wise)
        self.conv_pwl = nn.Conv2d(width, stage.channels, 1, bias=False)
        self.bn3 = norm(stage.channels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Shape (batch, in_channels, time, frequency) -> (batch, channels, time', frequency')."""
        y: Tensor = _activated(self.bn1, self.conv_pw(x), mask)
        y = _gated(self.bn2, self.se, self.conv_dw(y))
        y = self.bn3(self.conv_pwl(y))
        return x + y if self.residual else y


class EfficientNet(nn.Module):
    """Stem and blocks, without the 1280-channel head.

    Args:
        stages: The table of blocks.
        stem_channels: Output channels of the stem.
        norm: Makes a normalisation layer for a number of channels.
        frame_wise: Whether squeeze-excite averages over frequency alone.
    """

    def __init__(
        self,
        stages: tuple[Stage, ...] = B0_STAGES,
        stem_channels: int = B0_STEM_CHANNELS,
        norm: Norm = nn.BatchNorm2d,
        frame_wise: bool = False,
    ) -> None:
        super().__init__()
        self.conv_stem = nn.Conv2d(1, stem_channels, STEM_KERNEL, 2, STEM_KERNEL // 2, bias=False)
        self.bn1 = norm(stem_channels)
        self.blocks = nn.ModuleList()
        channels = stem_channels
        for stage in stages:
            blocks = nn.ModuleList()
            for repeat in range(stage.repeats):
                row = stage if repeat == 0 else stage._replace(stride=1)
                block = DepthwiseSeparable if stage.expansion == 1 else InvertedResidual
                blocks.append(block(channels, row, norm, frame_wise))
                channels = stage.channels
            self.blocks.append(blocks)
        self.stages = stages
        self.apply(_initialise)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> list[Tensor]:
        """Output of every stage.

        Args:
            x: Shape (batch, 1, time, frequency).
            mask: Shape (batch, 1, time, 1), 1 at a clip's own frames and 0 at padding.

        Returns:
            A tensor (batch, channels, ceil(time / s), ceil(frequency / s)) per stage, s being the
            product of the strides so far. Position ``j`` is centred on input frame ``j * s``.
        """
        x = _activated(self.bn1, self.conv_stem(_masked(x, mask)))
        mask = None if mask is None else mask[:, :, ::2]
        outputs = []
        for stage, blocks in zip(self.stages, self.blocks, strict=True):
            assert isinstance(blocks, nn.ModuleList)
            for index, block in enumerate(blocks):
                x = block(x, mask)
                if index == 0 and mask is not None:
                    mask = mask[:, :, :: stage.stride]
            outputs.append(x)
        return outputs


def _initialise(module: nn.Module) -> None:
    """Draw convolution weights as EfficientNet's authors do: normal, variance 2 / fan out."""
    if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
        # On "meta", where shapes are compared, torch would import its compiler for this, 1.5 s.
        fan_out = module.kernel_size[0] * module.kernel_size[1] * module.out_channels
        nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / (fan_out // module.groups)))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def scaled_stages(width: float, depth: float) -> tuple[int, tuple[Stage, ...]]:
    """EfficientNet-B0's stem and stages with other widths and depths.

    Channels are rounded to multiples of 8 without losing more than a tenth, repeats are rounded up,
    as in the compound scaling of the paper's code.

    Returns:
        Channels of the stem, and the table of blocks.
    """

    def channels(base: int) -> int:
        scaled = max(8, int(base * width + 4) // 8 * 8)
        return scaled + 8 if scaled < 0.9 * base * width else scaled

    stages = tuple(
        stage._replace(channels=channels(stage.channels), repeats=math.ceil(stage.repeats * depth))
        for stage in B0_STAGES
    )
    return channels(B0_STEM_CHANNELS), stages


def receptive_radius(stages: tuple[Stage, ...]) -> int:
    """Frames on either side of its centre that an output of the last stage depends on."""
    radius, stride = STEM_KERNEL // 2, 2
    for stage in stages:
        radius += stage.kernel // 2 * stride
        stride *= stage.stride
        radius += (stage.repeats - 1) * (stage.kernel // 2) * stride
    return radius


def channels_last(x: Tensor) -> Tensor:
    """The same values, channels last in memory: 1.7 times as fast for depthwise nets on CPU."""
    return x.contiguous(memory_format=torch.channels_last)
