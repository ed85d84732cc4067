"""PANNs: the convolutional networks of Kong et al. 2020 (arXiv 1912.10211).

Parameters carry the names of the authors' code (``audioset_tagging_cnn``), so that their
checkpoints load as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.baselines.panns.log_mel import (
    N_MELS,
    LogMelSettings,
    MelBands,
    log_mel_of_padded,
    pad_for_frames,
)

AT_32_KHZ = LogMelSettings(sample_rate=32_000, n_fft=1024, hop=320, f_min=50.0, f_max=14_000.0)
AT_16_KHZ = LogMelSettings(sample_rate=16_000, n_fft=512, hop=160, f_min=50.0, f_max=8_000.0)


@dataclass(frozen=True)
class Architecture:
    """One of the published networks.

    Attributes:
        name: As this module's rows and messages call it.
        log_mel: Front end.
        channels: Output channels of each block.
        kernel: 3 for blocks of two 3 x 3 convolutions, 5 for blocks of one 5 x 5 convolution.
        poolings: How many blocks, from the first on, halve time and frequency.
    """

    name: str
    log_mel: LogMelSettings
    channels: tuple[int, ...]
    kernel: Literal[3, 5]
    poolings: int

    @property
    def embedding_size(self) -> int:
        """Size of the scene and of the frame embedding."""
        return self.channels[-1]

    @property
    def stride(self) -> int:
        """Log-mel frames between two outputs ("cells") of the last block."""
        return 1 << self.poolings

    @property
    def reach(self) -> int:
        """Log-mel frames that a cell sees on either side of its own ``stride`` frames."""
        per_block = (self.kernel // 2) * (2 if self.kernel == 3 else 1)
        blocks = range(len(self.channels))
        return sum(per_block << min(block, self.poolings) for block in blocks)


# Kong et al. 2020, table II; Cnn14's last block has no pooling in the authors' code.
CNN14_CHANNELS = (64, 128, 256, 512, 1024, 2048)
CNN6_CHANNELS = (64, 128, 256, 512)
CNN14 = Architecture("cnn14", AT_32_KHZ, CNN14_CHANNELS, kernel=3, poolings=5)
CNN14_16K = Architecture("cnn14-16k", AT_16_KHZ, CNN14_CHANNELS, kernel=3, poolings=5)
CNN6 = Architecture("cnn6", AT_32_KHZ, CNN6_CHANNELS, kernel=5, poolings=4)
CNN6_16K = Architecture("cnn6-16k", AT_16_KHZ, CNN6_CHANNELS, kernel=5, poolings=4)
ARCHITECTURES = (CNN14, CNN14_16K, CNN6, CNN6_16K)


class ConvBlock(nn.Module):
    """One 5 x 5 or two 3 x 3 convolutions with batch normalisation and ReLU; average pooling."""

    def __init__(self, inputs: int, outputs: int, kernel: Literal[3, 5], pool: int) -> None:
        """Initialise as the authors do: Xavier, uniform.

        Args:
            inputs: Channels.
            outputs: Channels.
            kernel: 3 or 5.
            pool: Side of the pooling window, 1 for none.
        """
        super().__init__()
        self.pool = pool
        self.conv1 = _convolution(inputs, outputs, kernel)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.has_two = kernel == 3
        if self.has_two:
            self.conv2 = _convolution(outputs, outputs, kernel)
            self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, inputs, frames, mels) to (batch, outputs, frames // pool, mels // pool)."""
        x = functional.relu_(self.bn1(self.conv1(x)))
        if self.has_two:
            x = functional.relu_(self.bn2(self.conv2(x)))
        return functional.avg_pool2d(x, self.pool) if self.pool > 1 else x


class Panns(nn.Module):
    """A PANNs network, in steps: log-mel, convolutions, pooling over time, embedding, classes.

    Attributes:
        sample_rate: Hz (HEAR API).
        scene_embedding_size: HEAR API.
        timestamp_embedding_size: HEAR API.
        row_label: Name of the row in tables.
        row_note: What to say about the row under a table.
        row_licence: Licence of the weights, an SPDX expression; None if it is not known.
    """

    window: Tensor

    def __init__(self, architecture: Architecture, classes: int) -> None:
        """Build with the authors' initialisation.

        Args:
            architecture: Which network.
            classes: Outputs of the classifier.
        """
        super().__init__()
        self.architecture = architecture
        settings = architecture.log_mel
        self.sample_rate = settings.sample_rate
        self.scene_embedding_size = self.timestamp_embedding_size = architecture.embedding_size
        self.row_label = f"panns-{architecture.name} (untrained)"
        self.row_note: str | None = None
        self.row_licence: str | None = None
        # Not on "meta", where shapes are compared: there, torch would import its compiler, 1.5 s.
        window = torch.hann_window(settings.n_fft, periodic=True, dtype=torch.float64, device="cpu")
        self.register_buffer("window", window.float(), persistent=False)
        self.logmel_extractor = MelBands(settings)
        # The authors' BatchNorm2d on (batch, 64, frames, 1) does the same; PyTorch 2.13's gradient
        # of it is wrong on a CPU for some memory layouts.
        self.bn0 = nn.BatchNorm1d(N_MELS)
        _add_blocks(self, architecture)
        self.fc1 = _linear(architecture.embedding_size, architecture.embedding_size)
        self.fc_audioset = _linear(architecture.embedding_size, classes)

    @property
    def blocks(self) -> list[ConvBlock]:
        """The convolutional blocks, in order."""
        return [module for module in self.children() if isinstance(module, ConvBlock)]

    def pad(self, audio: Tensor) -> Tensor:
        """Mirror half a frame at both ends: shape (batch, samples) to (batch, samples + n_fft)."""
        return pad_for_frames(audio, self.architecture.log_mel.n_fft)

    def log_mel_of_padded(self, padded: Tensor) -> Tensor:
        """Log-mel of padded audio: decibels, shape (batch, frames, 64)."""
        hop = self.architecture.log_mel.hop
        return log_mel_of_padded(padded, self.window, hop, self.logmel_extractor.melW)

    def normalise(self, log_mel: Tensor) -> Tensor:
        """Batch normalisation of each mel band: shape (batch, frames, 64) to the same."""
        normalised: Tensor = self.bn0(log_mel.flatten(0, 1))
        return normalised.view_as(log_mel)

    def convolve(self, normalised: Tensor) -> Tensor:
        """The convolutional blocks, then the mean over frequency.

        Args:
            normalised: Shape (batch, frames, 64), at least ``architecture.stride`` frames.

        Returns:
            Shape (batch, frames // stride, channels). Cell ``j`` covers the frames
            ``j * stride`` to ``(j + 1) * stride - 1``.
        """
        x = normalised.unsqueeze(1)
        for block in self.blocks:
            x = functional.dropout(block(x), 0.2, self.training)
        return x.mean(dim=3).transpose(1, 2)

    def embed(self, cells: Tensor) -> Tensor:
        """Maximum plus mean over time, then the embedding layer.

        Args:
            cells: Shape (batch, cells, channels).

        Returns:
            Not negative, shape (batch, embedding size).
        """
        pooled = functional.dropout(cells.amax(dim=1) + cells.mean(dim=1), 0.5, self.training)
        return functional.relu(self.fc1(pooled))

    def classify(self, embedding: Tensor) -> Tensor:
        """Logits of the classes: shape (batch, embedding size) to (batch, classes)."""
        logits: Tensor = self.fc_audioset(functional.dropout(embedding, 0.5, self.training))
        return logits

    def forward(self, audio: Tensor) -> Tensor:
        """Logits of whole clips: shape (batch, samples) to (batch, classes)."""
        log_mel = self.log_mel_of_padded(self.pad(audio))
        return self.classify(self.embed(self.convolve(self.normalise(log_mel))))


def _add_blocks(model: nn.Module, architecture: Architecture) -> None:
    """Add the blocks as ``conv_block1``, ``conv_block2``, ... (the checkpoints' names)."""
    channels = (1, *architecture.channels)
    for index, (inputs, outputs) in enumerate(pairwise(channels)):
        pool = 2 if index < architecture.poolings else 1
        block = ConvBlock(inputs, outputs, architecture.kernel, pool)
        model.add_module(f"conv_block{index + 1}", block)


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    nn.init.xavier_uniform_(convolution.weight)
    return convolution


def _linear(inputs: int, outputs: int) -> nn.Linear:
    linear = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear
