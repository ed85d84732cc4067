"""What the read-out ``scaled`` knows about embeddings: means and deviations over unlabelled audio.

HEAR's heads do not standardise their input, and learn slowly from numbers of unequal size. So each
number is standardised with the statistics of clips of the pretraining corpus, and each block of
numbers gets a scale: what is not learnt helps on notes, but at full scale it drowns words
(results/pretraining/attempts).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from msssl_hear.encoder import EncoderConfig
from msssl_hear.log_frequency import LogFrequencyConfig


@dataclass(frozen=True)
class BlockScales:
    """Standard deviation of each block of a scaled embedding.

    Attributes:
        trunk: Of what is learnt, but for the pitch branch's numbers.
        branch: Of the pitch branch's numbers.
        log_mel: Of the log-mel's mean and deviation.
        contrast: Of the spectral contrast's maximum.
    """

    trunk: float = 1.0
    branch: float = 0.35
    log_mel: float = 0.3
    contrast: float = 0.3

    def __post_init__(self) -> None:
        """Check the range."""
        for field in fields(self):
            if not 0 <= (value := getattr(self, field.name)) < float("inf"):
                raise ValueError(f"scale {field.name} is {value}; it must be 0 or more")


class ReadOutStatistics(nn.Module):
    """Mean and standard deviation of each number of the read-out ``scaled``, and its scale.

    Attributes:
        scales: Of the blocks.
        sizes: Numbers in each block of a scene's and of a timestamp's embedding.
    """

    scene_mean: Tensor
    scene_std: Tensor
    scene_scale: Tensor
    timestamp_mean: Tensor
    timestamp_std: Tensor
    timestamp_scale: Tensor

    def __init__(self, encoder: EncoderConfig, scales: BlockScales | None = None) -> None:
        """Begin with mean 0 and standard deviation 1.

        Args:
            encoder: Whose numbers they are.
            scales: Of the blocks.
        """
        super().__init__()
        self.scales = scales = scales or BlockScales()
        trunk = torch.full((encoder.size - encoder.pitch_numbers,), scales.trunk)
        branch = torch.full((encoder.pitch_numbers,), scales.branch)
        log_mel = torch.full((encoder.n_mels,), scales.log_mel)
        contrast = torch.full((LogFrequencyConfig().bins,), scales.contrast)
        blocks = {
            "scene": [trunk, branch, log_mel, log_mel, contrast],
            "timestamp": [trunk, branch, log_mel, contrast],
        }
        self.sizes = {name: [len(block) for block in found] for name, found in blocks.items()}
        for name, found in blocks.items():
            scale = torch.cat(found)
            self.register_buffer(f"{name}_mean", torch.zeros_like(scale))
            self.register_buffer(f"{name}_std", torch.ones_like(scale))
            self.register_buffer(f"{name}_scale", scale, persistent=False)

    def scene(self, numbers: Tensor) -> Tensor:
        """Standardise and scale what ``scene_numbers`` reads, shape (clips, scene size)."""
        return (numbers - self.scene_mean) * (self.scene_scale / self.scene_std)

    def timestamps(self, numbers: Tensor) -> Tensor:
        """The same for ``timestamp_numbers``, shape (clips, frames, timestamp size)."""
        return (numbers - self.timestamp_mean) * (self.timestamp_scale / self.timestamp_std)
