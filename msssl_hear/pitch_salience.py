"""Pitch salience: a small network that slides along the log-frequency axis.

Every layer is a convolution over frequency within one frame, so a sound shifted by n bins gives the
same salience n bins further: what is learnt at one pitch holds at every pitch. The design follows
SPICE (Gfeller et al. 2020) and PESTO (Riou et al. 2023), which train such networks on shifts alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HARMONICS = (1, 2, 3, 4, 5)
CHANNELS = 8
KERNEL = 9  # bins: three semitones


class PitchSalience(nn.Module):
    """Spectral contrast to one logit per bin.

    Args:
        bins_per_octave: Of the log-frequency axis.
    """

    def __init__(self, bins_per_octave: int) -> None:
        super().__init__()
        self.offsets = [round(bins_per_octave * math.log2(number)) for number in HARMONICS]
        pad = (0, KERNEL // 2)
        self.layers = nn.ModuleList(
            nn.Conv2d(inputs, outputs, (1, KERNEL), padding=pad)
            for inputs, outputs in ((len(HARMONICS), CHANNELS), (CHANNELS, CHANNELS), (CHANNELS, 1))
        )

    def forward(self, contrast: Tensor) -> Tensor:
        """Salience of each bin.

        Args:
            contrast: From ``spectral_contrast``, shape (batch, frames, bins).

        Returns:
            Logits, same shape; ``softmax`` over bins makes a distribution of pitch.
        """
        harmonics = [F.pad(contrast[..., offset:], (0, offset)) for offset in self.offsets]
        x = torch.stack(harmonics, dim=1).contiguous(memory_format=torch.channels_last)
        for layer in self.layers[:-1]:
            x = F.silu(layer(x))
        logits: Tensor = self.layers[-1](x).squeeze(1)
        return logits
