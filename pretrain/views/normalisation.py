"""Normalisation of the log-mel front end, estimated from the corpus before the first step."""

from __future__ import annotations

import torch
from torch import Tensor

from msssl_hear.log_mel import LogMel
from pretrain.data.corpus import Corpus, to_float
from pretrain.data.seeds import generator_for
from pretrain.data.shards.corpus import ShardCorpus

AT_ONCE = 500  # crops of 0.96 s: 0.5 GB of spectra
SMALLEST_STD = 0.1  # log units; a band that never changes must not be divided by zero


def log_mel_statistics(
    log_mel: LogMel,
    corpus: Corpus | ShardCorpus,
    seed: int,
    crops: int = 4000,
    crop_samples: int = 15360,
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each mel band over random crops of the corpus.

    Clips are drawn with replacement, each with the same chance.

    Args:
        log_mel: Front end; its own statistics do not matter.
        corpus: Clips.
        seed: Decides the crops.
        crops: How many.
        crop_samples: Longest crop, samples.

    Returns:
        Two float32 tensors, log units, shape (n_mels,).
    """
    total = torch.zeros(log_mel.config.n_mels, dtype=torch.float64)
    squares = torch.zeros_like(total)
    frames = 0
    for index, start in random_places(corpus.lengths, seed, crops, crop_samples):
        audio = to_float(corpus.clip(index)[start : start + crop_samples])
        bands = log_mel.log_mel(log_mel.power(audio[None]))[0].double()
        total += bands.sum(dim=0)
        squares += bands.square().sum(dim=0)
        frames += len(bands)
    return mean_and_deviation(total, squares, frames)


def log_mel_statistics_at_once(
    log_mel: LogMel,
    samples: Tensor,
    corpus: Corpus,
    seed: int,
    crops: int = 4000,
    crop_samples: int = 15360,
) -> tuple[Tensor, Tensor]:
    """The same of many crops at a time, for a GPU; equal but for rounding.

    Args:
        log_mel: Front end, on the GPU.
        samples: The corpus's, int16, there, too.
        corpus: Where clips are in it.
        seed: Decides the crops.
        crops: How many.
        crop_samples: Longest crop, samples.
    """
    places = torch.tensor(random_places(corpus.lengths, seed, crops, crop_samples))
    starts = corpus.offsets[places[:, 0]] + places[:, 1]
    lengths = (corpus.lengths[places[:, 0]] - places[:, 1]).clamp_max(crop_samples)
    steps = torch.arange(crop_samples, device=samples.device)
    positions = torch.arange(log_mel.frame_count(crop_samples), device=samples.device)
    total = torch.zeros(log_mel.config.n_mels, dtype=torch.float64, device=samples.device)
    squares, frames = torch.zeros_like(total), 0
    for first, own in zip(*(torch.split(x, AT_ONCE) for x in (starts, lengths)), strict=True):
        counts = 1 + own // log_mel.config.hop_length
        frames += int(counts.sum())
        first, own, counts = (x.to(samples.device)[:, None] for x in (first, own, counts))
        audio = to_float(samples[(first + steps).clamp_max(len(samples) - 1)]) * (steps < own)
        bands = log_mel.log_mel(log_mel.power(audio)).double() * (positions < counts)[:, :, None]
        total += bands.sum(dim=(0, 1))
        squares += bands.square().sum(dim=(0, 1))
    return mean_and_deviation(total.cpu(), squares.cpu(), frames)


def random_places(
    lengths: Tensor, seed: int, crops: int, crop_samples: int
) -> list[tuple[int, int]]:
    """Clips and the first sample of a crop in each."""
    generator = generator_for(seed, 0, "statistics")
    places, samples = [], lengths.tolist()
    for index in torch.randint(len(lengths), (crops,), generator=generator).tolist():
        room = max(samples[index] - crop_samples, 0)
        places.append((index, int(torch.randint(room + 1, (1,), generator=generator))))
    return places


def mean_and_deviation(total: Tensor, squares: Tensor, frames: int) -> tuple[Tensor, Tensor]:
    """Of sums of values and of their squares, float64; float32."""
    mean = total / frames
    deviation = (squares / frames - mean.square()).clamp_min(0).sqrt()
    return mean.float(), deviation.clamp_min(SMALLEST_STD).float()
