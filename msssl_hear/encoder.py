"""The encoder: an EfficientNet trunk and a pyramid that reads frame embeddings every 40 ms.

B0 alone has one output per 320 ms, far too coarse for HEAR's timestamps. The pyramid takes four
stages (40, 80, 160 and 320 ms), projects each frame's channels and frequencies to the embedding
size, brings them to the 40 ms grid and adds them. It costs about a tenth more than B0 alone. Beside
it there may be a pitch branch (``msssl_hear.pitch_branch``), whose numbers stand behind its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from msssl_hear.efficientnet import (
    ChannelNorm,
    EfficientNet,
    channels_last,
    receptive_radius,
    scaled_stages,
)
from msssl_hear.pitch_branch import PitchBranch

HOP_FRAMES = 4
"""Log-mel frames per frame embedding: 40 ms at the front end's 10 ms."""

COARSEST_STRIDE = 32
"""Log-mel frames per output of the last stage; chunks of a long clip start on its multiples."""

TAPPED_STAGES = (1, 2, 4, 6)
SMOOTHING_KERNEL = 5


@dataclass(frozen=True)
class EncoderConfig:
    """Size of the encoder.

    Attributes:
        n_mels: Mel bands of the input.
        size: Numbers per frame embedding (512 in the paper, section 3.1).
        width: Channels relative to EfficientNet-B0.
        depth: Blocks per stage relative to EfficientNet-B0.
        pitch_numbers: The last so many of ``size`` come from the pitch branch, which sees the
            spectral contrast; 0: all come from the EfficientNet, which sees the log-mel.
        pitch_scale: Of the branch's numbers. HEAR's heads do not standardise their input: the
            larger it is, the better they read notes and the worse words (docs/encoder.md).
    """

    n_mels: int = 64
    size: int = 512
    width: float = 1.0
    depth: float = 1.0
    pitch_numbers: int = 0
    pitch_scale: float = 0.35

    def __post_init__(self) -> None:
        """Check that something is left for the EfficientNet."""
        if self.pitch_numbers != 0 and not 0 < self.pitch_numbers < self.size:
            raise ValueError(
                f"pitch_numbers {self.pitch_numbers} must be 0 or more, and fewer than size "
                f"{self.size}"
            )


def valid_positions(lengths: Tensor, positions: int) -> Tensor:
    """Mask of each clip's own positions.

    Args:
        lengths: int64, shape (batch,).
        positions: Length of the padded axis.

    Returns:
        bool, shape (batch, positions).
    """
    return torch.arange(positions, device=lengths.device) < lengths.unsqueeze(1)


def upsample_linear(x: Tensor, factor: int, valid: Tensor | None) -> Tensor:
    """Interpolate between positions in time; position ``j`` goes to ``j * factor``.

    The factor is given and not inferred from lengths, and past a clip's last valid position its
    value is
    held: so a clip gives the same result alone, padded or in chunks.

    Args:
        x: Shape (batch, positions, size).
        factor: Outputs per input.
        valid: bool, shape (batch, positions), or None if all are.

    Returns:
        Shape (batch, positions * factor, size).
    """
    following = torch.cat([x[:, 1:], x[:, -1:]], dim=1)
    if valid is not None:
        followed = torch.cat([valid[:, 1:], valid[:, -1:]], dim=1)
        following = torch.where(followed.unsqueeze(2), following, x)
    weight = torch.arange(factor, device=x.device, dtype=x.dtype).view(1, 1, -1, 1) / factor
    return torch.lerp(x.unsqueeze(2), following.unsqueeze(2), weight).flatten(1, 2)


class Encoder(nn.Module):
    """Normalised log-mel frames to frame embeddings, one per 40 ms.

    Frame embedding ``j`` is centred on log-mel frame ``4 * j``.

    Args:
        config: Size; the default is EfficientNet-B0's.
    """

    def __init__(self, config: EncoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or EncoderConfig()
        stem_channels, stages = scaled_stages(config.width, config.depth)
        self.trunk = EfficientNet(stages, stem_channels, ChannelNorm, frame_wise=True)
        trunk_size = config.size - config.pitch_numbers
        self.taps = nn.ModuleList()
        self.strides: list[int] = []
        stride = 2
        for index, stage in enumerate(stages):
            stride *= stage.stride
            if index in TAPPED_STAGES:
                self.taps.append(
                    nn.Linear(stage.channels * -(-config.n_mels // stride), trunk_size)
                )
                self.strides.append(stride)
        self.norm = nn.LayerNorm(trunk_size)
        self.pitch_branch: PitchBranch | None = None
        if config.pitch_numbers:
            self.pitch_branch = PitchBranch(config.pitch_numbers, config.pitch_scale)
        self.smoothing = nn.Conv1d(
            config.size,
            config.size,
            SMOOTHING_KERNEL,
            padding=SMOOTHING_KERNEL // 2,
            groups=config.size,
        )
        self.context_frames = (
            receptive_radius(stages) + COARSEST_STRIDE + SMOOTHING_KERNEL // 2 * HOP_FRAMES
        )
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(
        self, log_mel: Tensor, lengths: Tensor | None = None, contrast: Tensor | None = None
    ) -> Tensor:
        """Frame embeddings.

        Args:
            log_mel: Normalised log-mel, float32, shape (batch, frames, n_mels).
            lengths: Each clip's own frames, int64, shape (batch,); None if none is padded.
            contrast: Spectral contrast at the frames of the result, shape (batch,
                ceil(frames / 4), bins); read by the pitch branch alone.

        Returns:
            Shape (batch, ceil(frames / 4), size); zero past a clip's own length.

        Raises:
            ValueError: There is a pitch branch and no contrast.
        """
        frames = log_mel.shape[1]
        mask = None
        if lengths is not None:
            mask = valid_positions(lengths, frames).to(log_mel)[:, None, :, None]
        outputs = self.trunk(channels_last(log_mel.unsqueeze(1)), mask)
        tapped = [outputs[index] for index in TAPPED_STAGES]
        positions = -(-frames // HOP_FRAMES)
        pyramid = torch.zeros((), device=log_mel.device)
        for tap, stride, x in zip(self.taps, self.strides, tapped, strict=True):
            # (batch, channels, time, frequency) -> (batch, time, frequency * channels)
            projected = tap(x.permute(0, 2, 3, 1).flatten(2))
            valid = None if lengths is None else valid_positions(-(-lengths // stride), x.shape[2])
            upsampled = upsample_linear(projected, stride // HOP_FRAMES, valid)
            pyramid = pyramid + upsampled[:, :positions]
        numbers = self.norm(pyramid)
        if self.pitch_branch is not None:
            if contrast is None:
                raise ValueError("an encoder with a pitch branch needs the spectral contrast")
            numbers = torch.cat([numbers, self.pitch_branch(contrast)], dim=2)
        return self._smooth(numbers, lengths)

    def _smooth(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Add a depthwise convolution over time, shape (batch, positions, size) in and out."""
        valid = None
        if lengths is not None:
            valid = valid_positions(-(-lengths // HOP_FRAMES), x.shape[1]).unsqueeze(2)
            x = x * valid
        smoothed: Tensor = x + self.smoothing(x.transpose(1, 2)).transpose(1, 2)
        return smoothed if valid is None else smoothed * valid
