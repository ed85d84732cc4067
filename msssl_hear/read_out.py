"""From frames to one embedding per clip.

``paper`` is the paper's read-out. ``max_mean`` adds what the maximum throws away: what lasts.
``full`` adds, beside the learnt numbers, the plain statistics of both front ends, which no
contrastive loss keeps of its own accord: trained encoders ended below log-mel statistics on notes.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

ReadOutName = Literal["paper", "max_mean", "full"]


class Frames(NamedTuple):
    """What is known about the frames of clips of one length.

    Attributes:
        embeddings: Frame embeddings, shape (clips, frames, size).
        log_mel: Normalised log-mel, shape (clips, log-mel frames, n_mels).
        contrast: Spectral contrast, shape (clips, frames, bins), or None without a log-frequency
            front end.
    """

    embeddings: Tensor
    log_mel: Tensor
    contrast: Tensor | None


def scene_size(name: ReadOutName, size: int, n_mels: int, bins: int) -> int:
    """Numbers in a scene embedding; ``bins`` is 0 without a log-frequency front end."""
    return {"paper": size, "max_mean": 2 * size, "full": 2 * (size + n_mels + bins)}[name]


def scene_embedding(name: ReadOutName, frames: Frames) -> Tensor:
    """One embedding per clip.

    Args:
        name: ``paper``: maximum over time of the frame embeddings (paper, section 2.1).
            ``max_mean``: their maximum and mean. ``full``: besides, mean and standard deviation of
            the log-mel, mean and maximum of the spectral contrast.
        frames: Of the clips.

    Returns:
        Shape (clips, scene_size).
    """
    strongest = frames.embeddings.amax(dim=1)
    if name == "paper":
        return strongest
    parts = [strongest, frames.embeddings.mean(dim=1)]
    if name == "full":
        parts += [frames.log_mel.mean(dim=1), frames.log_mel.std(dim=1, correction=0)]
    if name == "full" and frames.contrast is not None:
        parts += [frames.contrast.mean(dim=1), frames.contrast.amax(dim=1)]
    return torch.cat(parts, dim=1)
