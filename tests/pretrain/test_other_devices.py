"""A training step on a device that this machine has not: nothing is left behind on the CPU.

Nor is anything fetched from there when a step is recorded as a CUDA graph.

The meta device stands for it. Its tensors have shapes and no values, so that an operation on
tensors of two devices fails, and so does whatever would wait for a GPU: a value that is asked for,
or a shape that depends on one.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from msssl_hear.log_mel import LogMel
from pretrain.data.corpus import Corpus
from pretrain.data.crops import CropSampler
from pretrain.data.sampler import CROPS, StepCrops
from pretrain.data.share import BatchShard
from pretrain.model import SamplingStrategies
from pretrain.recipe import LossArgs, Recipe
from pretrain.recipe_files import find_recipe, read_recipe
from pretrain.views.augment import add_background
from pretrain.views.mixing import mix_clips
from pretrain.views.step import DRAWS, crops_with_backgrounds, views_of
from pretrain.views.views import Views, make_views

META = torch.device("meta")


class MetaGenerator(torch.Generator):
    """A generator on the CPU that says it is on the meta device; torch makes none there."""

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return META


@pytest.mark.parametrize(
    "loss",
    [
        LossArgs(pitch_form="contrast", frame_negatives="batch"),
        LossArgs(similarity="bilinear", pitch_form="regression", frame_negatives="clip"),
        LossArgs(pitch_form="contrast", pitch_part="branch", instance_weight=1.0),
    ],
)
def test_a_step_neither_mixes_devices_nor_waits(
    tiny_corpus: Corpus, tiny_recipe: Recipe, loss: LossArgs
) -> None:
    branch = loss.pitch_part == "branch"
    encoder = replace(tiny_recipe.encoder, pitch_numbers=4 * branch)
    recipe = replace(tiny_recipe, loss=loss, encoder=encoder)
    generator = MetaGenerator()
    sampler = CropSampler(tiny_corpus, 4, 5120, 640, max_offset=3, seed=0, device=META)
    batch = sampler.draw(0)
    batch = mix_clips(batch, sampler.mixture_crops(0, batch.offsets), 0.5, generator)
    behind = sampler.backgrounds(0, 3)
    batch = batch._replace(anchor=add_background(batch.anchor, behind[0], 0.5, 0.0, generator))
    twin = batch.anchor if loss.needs_twin else None
    front_end = LogMel().to(META)
    views = make_views(front_end, batch, recipe.augment, True, generator, None, branch, twin)
    tensors = [x for x in (*batch[:3], *views) if x is not None]
    assert {x.device for x in tensors} == {META} and len(tensors) == 7 + branch
    module = SamplingStrategies(recipe).to(META)
    metrics = module(views)
    metrics.loss.backward()
    assert {value.device for value in metrics} == {META}
    with pytest.raises((RuntimeError, NotImplementedError)):  # what would have to wait
        bool((views.lengths < 3).any())


class NothingOfTheCpu(TorchDispatchMode):
    """Refuses operations that take or give a tensor on the CPU."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        found = operation(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves((args, kwargs, found)) if isinstance(x, Tensor)]
        assert all(x.device == META for x in tensors), f"{operation} with a tensor on the CPU"
        return found


@pytest.mark.parametrize("name", ["multi", "multi_branch", "multi_bilinear", "paper"])
def test_a_step_that_is_recorded_copies_nothing_from_the_cpu(name: str) -> None:
    """Tables may be made and copied at the first step; a recording would fail by such a copy."""
    recipe = read_recipe(find_recipe(name))
    samples, clips = recipe.run.crop_frames * recipe.log_mel.hop_length, 4
    crops = CROPS * (1 + (recipe.data.mixture_probability > 0))
    crops += crops_with_backgrounds(recipe) * (recipe.data.background_probability > 0)
    numbers = [torch.zeros(clips, dtype=torch.int64, device=META) for _ in range(3)]
    drawn = StepCrops(torch.zeros(crops, clips, samples, device=META), *numbers)
    draws = {stream: MetaGenerator() for stream in DRAWS}
    front_end, module = LogMel(recipe.log_mel).to(META), SamplingStrategies(recipe).to(META)

    def once() -> None:
        views = views_of(drawn, front_end, recipe, draws, BatchShard(clips))
        module(Views(*views.tensors())).loss.backward()

    once()
    with NothingOfTheCpu():
        once()
