"""The heads of the losses: from frame embeddings to what is compared. Dropped after pretraining.

The shapes of the paper's three are those of the paper (docs/paper.md).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pretrain.recipe import PitchForm

SALIENCE_BINS_PER_SEMITONE = 3
SALIENCE_BINS = 264
"""Of the contrastive form's pitch axis: the 88 notes of a piano, three bins each."""
HIDDEN_SIZE = 256


class ClipHead(nn.Module):
    """``z = W2 tanh(LayerNorm(max_t h))``, without bias."""

    def __init__(self, size: int, out_size: int = 512) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
            out_size: Length of z (paper: 512).
        """
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.linear = nn.Linear(size, out_size, bias=False)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Project clips.

        Args:
            frames: Frame embeddings h, shape (batch, frames, size).
            lengths: Valid frames, int64, shape (batch,).

        Returns:
            Shape (batch, out_size).
        """
        z: Tensor = self.linear(torch.tanh(self.norm(max_over_time(frames, lengths))))
        return z


class FrameHead(nn.Module):
    """``z_t = W tanh(LayerNorm(h_t)) + b``: 512 wide for the frame loss, 1 wide for pitch."""

    def __init__(self, size: int, out_size: int = 512) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
            out_size: Length of z_t.
        """
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.linear = nn.Linear(size, out_size)

    def forward(self, frames: Tensor) -> Tensor:
        """Project frames: (batch, frames, size) to (batch, frames, out_size)."""
        z: Tensor = self.linear(torch.tanh(self.norm(frames)))
        return z


class SalienceHead(FrameHead):
    """The pitch head of the contrastive form: logits of pitch on an axis of its own.

    The loss alone makes it an axis: sounds that differ by a semitone must give the same salience
    ``SALIENCE_BINS_PER_SEMITONE`` bins apart.
    """

    def __init__(self, size: int) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
        """
        super().__init__(size, SALIENCE_BINS)


class HiddenLayerHead(nn.Sequential):
    """A head with a hidden layer, for the losses that train the pitch branch.

    What lies before a hidden layer keeps more than the loss asks for (SimCLR, Chen et al. 2020,
    section 4.2).
    """

    def __init__(self, size: int, out_size: int) -> None:
        """Build the layers.

        Args:
            size: Numbers of a frame that it reads.
            out_size: Numbers that it answers with.
        """
        super().__init__(
            nn.LayerNorm(size),
            nn.Linear(size, HIDDEN_SIZE),
            nn.SiLU(),
            nn.Linear(HIDDEN_SIZE, out_size),
        )


class PitchHead(FrameHead):
    """``p_t = w tanh(LayerNorm(h_t)) + b``: one number per frame, in units of the largest shift."""

    def __init__(self, size: int) -> None:
        """Build the layers.

        Args:
            size: Length of a frame embedding.
        """
        super().__init__(size, out_size=1)

    def forward(self, frames: Tensor) -> Tensor:
        """Read the pitch: (batch, frames, size) to (batch, frames)."""
        return super().forward(frames).squeeze(-1)


def make_pitch_head(form: PitchForm, size: int, of_branch: bool) -> nn.Module:
    """The pitch loss's head.

    Args:
        form: Of the loss.
        size: Numbers of a frame that it reads.
        of_branch: Whether these are the pitch branch's alone: those leave the salience to a hidden
            layer.
    """
    if form == "regression":
        return PitchHead(size)
    return HiddenLayerHead(size, SALIENCE_BINS) if of_branch else SalienceHead(size)


def max_over_time(frames: Tensor, lengths: Tensor) -> Tensor:
    """Largest value of each channel over a clip's valid frames.

    Args:
        frames: Shape (batch, frames, size).
        lengths: Valid frames, at least 1, int64, shape (batch,).

    Returns:
        Shape (batch, size).
    """
    padding = torch.arange(frames.shape[1], device=frames.device) >= lengths[:, None]
    return frames.masked_fill(padding[:, :, None], torch.finfo(frames.dtype).min).amax(dim=1)
