"""Mixtures: a second clip in some clips of a batch, as part of what the clip is."""

from __future__ import annotations

import torch
from torch import Tensor

from pretrain.data.sampler import CropBatch
from pretrain.data.share import BatchShard
from pretrain.views.augment import QUIETEST_RMS, rms

QUIETEST_DB, LOUDEST_DB = -15.0, 3.0  # of the second clip, relative to the first


def mix_clips(
    batch: CropBatch,
    seconds: Tensor,
    probability: float,
    generator: torch.Generator,
    share: BatchShard | None = None,
) -> CropBatch:
    """Add a random second clip to some clips, at one level in all three crops.

    The mixture is the clip then: it is in anchor, positive and partner, the partner's part moved by
    the same offset, so that all three losses hold for both sounds together.

    Args:
        batch: Crops.
        seconds: The second clips' crops, as the sampler's `mixture_crops` has them.
        probability: Share of clips that are mixed.
        generator: On the crops' device.
        share: What the clips are of the joint batch; None: all.

    Returns:
        The batch with other waveforms; lengths and offsets are those of the first clip.
    """
    device = batch.anchor.device
    share = share or BatchShard(len(batch.anchor))
    draws = torch.rand(2, share.batch_size, 1, generator=generator, device=device)
    draws = draws[:, share.rows]
    chosen = draws[0] < probability
    level_db = QUIETEST_DB + (LOUDEST_DB - QUIETEST_DB) * draws[1]
    loudest = torch.stack([rms(second) for second in seconds]).amax(dim=0)
    gain = rms(batch.anchor) * 10.0 ** (level_db / 20.0) / loudest.clamp_min(QUIETEST_RMS) * chosen
    positions = torch.arange(batch.anchor.shape[1], dtype=torch.int32, device=device)
    inside = positions < batch.lengths[:, None].to(positions, non_blocking=True)

    def mixed(first: Tensor, second: Tensor) -> Tensor:
        return (gain * second).mul_(inside).add_(first)

    firsts = (batch.anchor, batch.positive, batch.partner)
    anchor, positive, partner = (mixed(*pair) for pair in zip(firsts, seconds, strict=True))
    return batch._replace(anchor=anchor, positive=positive, partner=partner)
