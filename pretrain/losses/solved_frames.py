"""What the losses over frames give: a cross-entropy, and how often it is solved."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class SolvedFrames(NamedTuple):
    """The loss and how often it is solved.

    Sums and not means, so that processes with other numbers of frames can be put together.

    Attributes:
        total: Scalar, nats: sum over the frames that count.
        solved: Scalar: frames whose most similar candidate is a positive.
        frames: Scalar: how many count.
    """

    total: Tensor
    solved: Tensor
    frames: Tensor

    @property
    def loss(self) -> Tensor:
        """Mean, nats; chance is about the logarithm of the number of candidates."""
        return self.total / self.frames.clamp_min(1)

    @property
    def accuracy(self) -> Tensor:
        """Share of frames that are solved."""
        return self.solved / self.frames.clamp_min(1)
