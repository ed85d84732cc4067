"""Mixtures: a second clip in some clips of a batch, as part of what the clip is."""

from __future__ import annotations

import torch
from torch import Tensor

from pretrain.data.sampler import CropBatch, Sampler
from pretrain.data.seeds import generator_for
from pretrain.views.augment import QUIETEST_RMS, rms

QUIETEST_DB, LOUDEST_DB = -15.0, 3.0  # of the second clip, relative to the first


def mix_clips(batch: CropBatch, sampler: Sampler, step: int, probability: float) -> CropBatch:
    """Add a random second clip to some clips, at one level in all three crops.

    The mixture is the clip then: it is in anchor, positive and partner, the partner's part moved by
    the same offset, so that all three losses hold for both sounds together.

    Args:
        batch: Crops.
        sampler: Where second clips come from.
        step: Of the batch.
        probability: Share of clips that are mixed.

    Returns:
        The batch with other waveforms; lengths and offsets are those of the first clip.
    """
    if probability == 0:
        return batch
    device = batch.anchor.device
    generator = generator_for(sampler.seed, step, "mixtures", device)
    share = sampler.share
    draws = torch.rand(2, share.batch_size, 1, generator=generator, device=device)
    draws = draws[:, share.rows]
    chosen = draws[0] < probability
    level_db = QUIETEST_DB + (LOUDEST_DB - QUIETEST_DB) * draws[1]
    seconds = sampler.mixture_crops(step, batch.offsets)
    loudest = torch.stack([rms(second) for second in seconds]).amax(dim=0)
    gain = rms(batch.anchor) * 10.0 ** (level_db / 20.0) / loudest.clamp_min(QUIETEST_RMS) * chosen
    positions = torch.arange(batch.anchor.shape[1], dtype=torch.int32, device=device)
    inside = positions < batch.lengths[:, None].to(positions, non_blocking=True)

    def mixed(first: Tensor, second: Tensor) -> Tensor:
        return (gain * second).mul_(inside).add_(first)

    firsts = (batch.anchor, batch.positive, batch.partner)
    anchor, positive, partner = (mixed(*pair) for pair in zip(firsts, seconds, strict=True))
    return batch._replace(anchor=anchor, positive=positive, partner=partner)
