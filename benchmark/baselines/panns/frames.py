"""Clips of any length through a PANNs network, in bounded memory.

Long clips go through the convolutions in chunks whose margins cover the network's reach, so that
the cells are those of the whole clip (up to float32 rounding), and with them mean and maximum over
time.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from benchmark.baselines.panns.cnn import Architecture, Panns

MIN_SECONDS = 1.0
"""Shorter clips are filled up with zeros, as the authors' HEAR 2021 entry does."""

PASS_FRAMES = 4096
"""Log-mel frames in one pass (41 s of one clip, or several clips); 67 MB per activation map."""

GPU_GROUP_FRAMES = 8 * PASS_FRAMES
"""The same on a GPU, of several clips: 537 MB per activation map. Smaller passes do not fill it."""

HOP_FRAMES = 4
"""Log-mel frames between two timestamps: 40 ms."""


def clip_cells(model: Panns, audio: Tensor) -> Tensor:
    """Outputs of the convolutions for whole clips.

    Args:
        model: In evaluation mode.
        audio: Mono waveforms, float in [-1, 1], shape (clips, samples), at least one sample.

    Returns:
        Shape (clips, cells, channels), one cell per ``stride`` log-mel frames.
    """
    padded = model.pad(_fill_up(audio.to(model.window), model.sample_rate))
    chunk = min(frame_count(model, audio.shape[1]), PASS_FRAMES)
    together = PASS_FRAMES if padded.device.type == "cpu" else GPU_GROUP_FRAMES
    groups = torch.split(padded, max(1, together // chunk))
    return torch.cat([_cells_in_chunks(model, group) for group in groups])


def frame_count(model: Panns, samples: int) -> int:
    """Log-mel frames of a clip of that many samples, once it is filled up to ``MIN_SECONDS``."""
    filled = max(samples, round(MIN_SECONDS * model.sample_rate))
    return 1 + filled // model.architecture.log_mel.hop


def chunks(architecture: Architecture, frames: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut a clip into passes.

    Args:
        architecture: Gives stride and reach.
        frames: Log-mel frames of the clip.

    Yields:
        First frame and end of the pass, both on the grid of cells unless the clip ends there; then
        how many cells at its start are margin, and how many after them to keep.
    """
    stride = architecture.stride
    cells, margin = frames // stride, -(-architecture.reach // stride)
    kept = cells if frames <= PASS_FRAMES else PASS_FRAMES // stride - 2 * margin
    for start in range(0, cells, kept):
        first, last = max(0, start - margin), start + kept + margin
        end = frames if last >= cells else last * stride
        yield first * stride, end, start - first, min(kept, cells - start)


def frame_embeddings(model: Panns, cells: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Repeat each cell over the frames that it covers, on a grid of 40 ms.

    This is the authors' HEAR 2021 entry (github.com/qiuqiangkong/HEAR2021_Challenge_PANNs: mean
    over frequency of the last block, each cell repeated ``stride`` times, the last one to the end),
    read at every fourth log-mel frame, in milliseconds where they wrote seconds, and ending with
    the clip where they go on to the end of the filled-up second.

    Args:
        model: The network.
        cells: From ``clip_cells``, shape (clips, cells, channels).
        samples: Length of each clip.

    Returns:
        Embeddings, shape (clips, frames, channels); and their times, ms, float32, shape
        (clips, frames): multiples of 40 from 0 to the end of the clip.
    """
    architecture = model.architecture
    frames = 1 + samples // (HOP_FRAMES * architecture.log_mel.hop)
    log_mel_frames = HOP_FRAMES * torch.arange(frames, device=cells.device)
    covering = (log_mel_frames // architecture.stride).clamp_max(cells.shape[1] - 1)
    hop_ms = 1000 * architecture.log_mel.hop // model.sample_rate  # 10 ms in every architecture
    times = (log_mel_frames * hop_ms).float()
    return cells[:, covering], times.expand(len(cells), -1)


def _fill_up(audio: Tensor, sample_rate: int) -> Tensor:
    missing = round(MIN_SECONDS * sample_rate) - audio.shape[1]
    return nn.functional.pad(audio, (0, missing)) if missing > 0 else audio


def _cells_in_chunks(model: Panns, padded: Tensor) -> Tensor:
    settings = model.architecture.log_mel
    frames = 1 + (padded.shape[1] - settings.n_fft) // settings.hop
    results = []
    for start, end, lead, kept in chunks(model.architecture, frames):
        audio = padded[:, start * settings.hop : (end - 1) * settings.hop + settings.n_fft]
        cells = model.convolve(model.normalise(model.log_mel_of_padded(audio)))
        results.append(cells[:, lead : lead + kept])
    return torch.cat(results, dim=1)
