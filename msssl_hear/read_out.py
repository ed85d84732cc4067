"""From frames to embeddings: one per clip, and one per 40 ms.

``paper`` is the paper's read-out. ``max_mean`` adds what the maximum throws away: what lasts.
``full`` adds, beside the learnt numbers, plain statistics of both front ends, which no contrastive
loss keeps of its own accord: trained encoders ended below log-mel statistics on notes. ``scaled``
keeps the most useful of these, standardised and scaled (``msssl_hear.read_out_statistics``).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from msssl_hear.encoder import HOP_FRAMES
from msssl_hear.log_frequency import LogFrequencyConfig
from msssl_hear.read_out_statistics import ReadOutStatistics

ReadOutName = Literal["paper", "max_mean", "full", "scaled"]
READ_OUTS: Final[tuple[ReadOutName, ...]] = get_args(ReadOutName)
READS_CONTRAST: Final[tuple[ReadOutName, ...]] = ("full", "scaled")

PLAIN_SCALE = 0.2
"""Of what is not learnt, in ``full``. HEAR's heads do not standardise their input: at its own scale
it outweighed the learnt numbers, and heads told speakers apart instead of words. Chosen on
validation splits (docs/encoder.md)."""


class Frames(NamedTuple):
    """What is known about the frames of clips of one length, all on the grid of 40 ms.

    Attributes:
        learnt: The encoder's frame embeddings, shape (clips, frames, size).
        log_mel: Normalised log-mel around each, shape (clips, frames, n_mels).
        contrast: Spectral contrast, shape (clips, frames, bins); None where nobody asks for it.
    """

    learnt: Tensor
    log_mel: Tensor
    contrast: Tensor | None


def scene_size(name: ReadOutName, size: int, n_mels: int) -> int:
    """Numbers in a scene embedding of frames with that many learnt numbers and mel bands."""
    bins = LogFrequencyConfig().bins
    return {
        "paper": size,
        "max_mean": 2 * size,
        "full": 3 * size + 2 * (n_mels + bins),
        "scaled": size + 2 * n_mels + bins,
    }[name]


def timestamp_size(name: ReadOutName, size: int, n_mels: int) -> int:
    """Numbers in a timestamp embedding."""
    return size + (n_mels + LogFrequencyConfig().bins if name in READS_CONTRAST else 0)


def scene_embedding(
    name: ReadOutName, frames: Frames, statistics: ReadOutStatistics | None = None
) -> Tensor:
    """One embedding per clip.

    Args:
        name: ``paper``: maximum over time of what is learnt (paper, section 2.1). ``max_mean``: its
            maximum and mean. ``full``: besides, its standard deviation; and, scaled down, mean and
            standard deviation of the log-mel, mean and maximum of the spectral contrast.
            ``scaled``: ``scene_numbers``, standardised and scaled.
        frames: Of the clips.
        statistics: For ``scaled``.

    Returns:
        Shape (clips, scene_size).
    """
    if name == "scaled":
        assert statistics is not None
        return statistics.scene(scene_numbers(frames))
    learnt = frames.learnt
    parts = [learnt.amax(dim=1)]
    if name != "paper":
        parts += [learnt.mean(dim=1)]
    if name == "full":
        assert frames.contrast is not None
        parts += [learnt.std(dim=1, correction=0)]
        mel, contrast = PLAIN_SCALE * frames.log_mel, PLAIN_SCALE * frames.contrast
        parts += [mel.mean(dim=1), mel.std(dim=1, correction=0)]
        parts += [contrast.mean(dim=1), contrast.amax(dim=1)]
    return torch.cat(parts, dim=1)


def scene_numbers(frames: Frames) -> Tensor:
    """What ``scaled`` reads of a clip.

    Returns:
        The maximum of what is learnt, mean and standard deviation of the log-mel, the maximum of
        the spectral contrast; shape (clips, scene_size).
    """
    assert frames.contrast is not None
    log_mel = frames.log_mel
    plain = [log_mel.mean(dim=1), log_mel.std(dim=1, correction=0), frames.contrast.amax(dim=1)]
    return torch.cat([frames.learnt.amax(dim=1), *plain], dim=1)


def timestamp_numbers(frames: Frames) -> Tensor:
    """What ``scaled`` reads of a frame: all of it; shape (clips, frames, timestamp_size)."""
    assert frames.contrast is not None
    return torch.cat([frames.learnt, frames.log_mel, frames.contrast], dim=2)


def timestamp_embeddings(
    name: ReadOutName, frames: Frames, statistics: ReadOutStatistics | None = None
) -> Tensor:
    """One embedding per frame.

    Args:
        name: ``full``: what is learnt, and the log-mel and spectral contrast, scaled down.
            ``scaled``: the same, standardised and scaled. Any other: what is learnt alone.
        frames: Of the clips.
        statistics: For ``scaled``.

    Returns:
        Shape (clips, frames, timestamp_size).
    """
    if name == "scaled":
        assert statistics is not None
        return statistics.timestamps(timestamp_numbers(frames))
    if name != "full":
        return frames.learnt
    assert frames.contrast is not None
    plain = torch.cat([frames.log_mel, frames.contrast], dim=2)
    return torch.cat([frames.learnt, PLAIN_SCALE * plain], dim=2)


def on_the_grid(log_mel: Tensor) -> Tensor:
    """Log-mel of every 40 ms: the mean of the 50 ms around each centre that lie in the clip.

    Args:
        log_mel: Every 10 ms, shape (clips, log-mel frames, n_mels).

    Returns:
        Shape (clips, ceil(log-mel frames / 4), n_mels).
    """
    half = HOP_FRAMES // 2
    pooled = F.avg_pool1d(
        log_mel.transpose(1, 2),
        2 * half + 1,
        stride=HOP_FRAMES,
        padding=half,
        count_include_pad=False,
    )
    return pooled.transpose(1, 2)
