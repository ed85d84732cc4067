"""The pitch branch: numbers from the spectral contrast, where a shift of pitch moves all bins.

A 25 ms window under 64 mel bands blurs low notes, and the frame loss asks for frames that are alike
at all pitches. So some of the encoder's numbers come from the second front end alone, with 200 ms
and a third of a semitone, and the frame loss leaves those to the other losses.
"""

from __future__ import annotations

from torch import Tensor, nn

from msssl_hear.log_frequency import LogFrequencyConfig


class PitchBranch(nn.Module):
    """Spectral contrast of a frame to numbers: one dense layer, normalised and scaled.

    A layer that turns a move along the axis into a move of its numbers by construction solved the
    pitch loss before any training, and learnt nothing (docs/encoder.md). A second layer was worse
    on notes (results/pretraining/attempts).

    Args:
        size: Numbers per frame.
        scale: Of these numbers; the encoder's other numbers have 1.
    """

    def __init__(self, size: int, scale: float) -> None:
        super().__init__()
        self.scale = scale
        self.linear = nn.Linear(LogFrequencyConfig().bins, size)
        self.norm = nn.LayerNorm(size)

    def forward(self, contrast: Tensor) -> Tensor:
        """Each frame on its own: (batch, frames, bins) to (batch, frames, size)."""
        numbers: Tensor = self.scale * self.norm(self.linear(contrast))
        return numbers
