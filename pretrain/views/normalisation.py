"""Normalisation of the log-mel front end, estimated from the corpus before the first step."""

from __future__ import annotations

import torch
from torch import Tensor

from msssl_hear.log_mel import LogMel
from pretrain.data.corpus import Corpus, to_float
from pretrain.data.seeds import generator_for
from pretrain.data.shards.corpus import ShardCorpus

SMALLEST_STD = 0.1  # log units; a band that never changes must not be divided by zero


def log_mel_statistics(
    log_mel: LogMel,
    corpus: Corpus | ShardCorpus,
    seed: int,
    crops: int = 4000,
    crop_samples: int = 15360,
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each mel band over random crops of the corpus.

    Clips are drawn with replacement, each with the same chance as in training.

    Args:
        log_mel: Front end; its own statistics do not matter.
        corpus: Clips.
        seed: Decides the crops.
        crops: How many.
        crop_samples: Longest crop, samples.

    Returns:
        Two float32 tensors, log units, shape (n_mels,).
    """
    generator = generator_for(seed, 0, "statistics")
    total = torch.zeros(log_mel.config.n_mels, dtype=torch.float64)
    squares = torch.zeros_like(total)
    frames = 0
    for index in torch.randint(len(corpus), (crops,), generator=generator).tolist():
        clip = corpus.clip(index)
        room = max(len(clip) - crop_samples, 0)
        start = int(torch.randint(room + 1, (1,), generator=generator))
        audio = to_float(clip[start : start + crop_samples])
        bands = log_mel.log_mel(log_mel.power(audio[None]))[0].double()
        total += bands.sum(dim=0)
        squares += bands.square().sum(dim=0)
        frames += len(bands)
    mean = total / frames
    deviation = (squares / frames - mean.square()).clamp_min(0).sqrt()
    return mean.float(), deviation.clamp_min(SMALLEST_STD).float()
