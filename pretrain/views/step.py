"""From all crops of a step to its views, on the device."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from msssl_hear.log_mel import LogMel
from pretrain.data.sampler import CROPS, CropBatch, StepCrops
from pretrain.data.seeds import Stream
from pretrain.data.share import BatchShard
from pretrain.recipe import Recipe
from pretrain.views.augment import add_background
from pretrain.views.mixing import mix_clips
from pretrain.views.views import Views, make_views

DRAWS: tuple[Stream, ...] = ("augment", "mixtures")
"""Random numbers that are drawn on the device."""


def views_of(
    drawn: StepCrops,
    log_mel: LogMel,
    recipe: Recipe,
    draws: Mapping[str, torch.Generator],
    share: BatchShard,
) -> Views:
    """What the encoder is to see of a step.

    Args:
        drawn: The step's crops.
        log_mel: Front end.
        recipe: All settings.
        draws: A generator for each of `DRAWS`.
        share: What the crops are of the joint batch.
    """
    batch, twin = mixed(drawn, recipe, draws, share)
    return make_views(
        log_mel,
        batch,
        recipe.augment,
        recipe.loss.needs_partner,
        draws["augment"],
        share,
        with_contrast=recipe.encoder.pitch_numbers > 0,
        twin=twin,
    )


def crops_with_backgrounds(recipe: Recipe) -> int:
    """Crops of a clip that may get a background: the sampler's three, and the twin."""
    return CROPS + recipe.loss.needs_twin


def mixed(
    drawn: StepCrops, recipe: Recipe, draws: Mapping[str, torch.Generator], share: BatchShard
) -> tuple[CropBatch, Tensor | None]:
    """A step's crops, with what is mixed into clips and put behind views.

    Returns:
        The batch, and the anchors once more with other backgrounds, if a loss asks for them.
    """
    args = recipe.data
    anchor, positive, partner = drawn.crops[:CROPS]
    batch = CropBatch(anchor, positive, partner, drawn.lengths, drawn.offsets, drawn.clips)
    if args.mixture_probability > 0:
        seconds, generator = drawn.crops[CROPS : 2 * CROPS], draws["mixtures"]
        batch = mix_clips(batch, seconds, args.mixture_probability, generator, share)
    crops = [batch.anchor, batch.positive, batch.partner, batch.anchor]
    crops = crops[: crops_with_backgrounds(recipe)]
    if args.background_probability > 0:
        level = (args.background_probability, args.background_snr_db)
        crops = [
            add_background(crop, other, *level, draws["augment"], share)
            for crop, other in zip(crops, drawn.crops[-len(crops) :], strict=True)
        ]
    anchor, positive, partner, *twin = crops
    batch = batch._replace(anchor=anchor, positive=positive, partner=partner)
    return batch, twin[0] if twin else None
