"""The ablation: one run per recipe, all on the same audio for the same steps."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from msssl_common.console import make_console
from pretrain.data.open import open_data
from pretrain.recipe import Recipe, find_recipe, read_recipe
from pretrain.run_folder import WEIGHTS
from pretrain.train import train

ROWS = ("cola", "clip_frame", "clip_pitch", "multi", "multi_bilinear", "multi_contrast")
"""Recipes that share encoder, front end, data and steps, so that the losses are what differs."""

HEAD_SEEDS = 3
"""Seeds of the heads. Each encoder is trained once; the seeds show how much the heads vary."""


def ablate(
    names: Sequence[str], data: Path, out: Path, steps: int | None, seed: int | None, device: str
) -> list[Path]:
    """Train every recipe; runs that an earlier call left unfinished are resumed.

    Args:
        names: Recipes.
        data: Folder of audio or of shards.
        out: One run folder per recipe is made in it.
        steps: Of every run; None is the first recipe's.
        seed: Of every run; None is the first recipe's.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.

    Returns:
        The weights' files, in the order of ``names``.

    Raises:
        ValueError: Recipes of different budgets, or what ``train`` refuses.
    """
    recipes = [read_recipe(find_recipe(name)) for name in names]
    run = recipes[0].run
    run = replace(run, steps=steps or run.steps, seed=run.seed if seed is None else seed)
    recipes = [
        replace(recipe, run=replace(run, precision=recipe.run.precision)) for recipe in recipes
    ]
    check_equal_data(recipes)
    rate, made = recipes[0].log_mel.sample_rate, recipes[0].data.synthetic_clips
    corpus = open_data(data, rate, made, run.seed, device)
    console = make_console(stderr=True, soft_wrap=True)
    weights = []
    for recipe in recipes:
        console.print(f"{recipe.name}:", style="bold")
        weights.append(train(recipe, corpus, out / recipe.name, device, resume=True))
    return weights


def check_equal_data(recipes: Sequence[Recipe]) -> None:
    """Refuse recipes that do not train on the same clips.

    Raises:
        ValueError: Names the recipe that differs.
    """
    first = recipes[0]
    for recipe in recipes[1:]:
        if recipe.data.synthetic_clips != first.data.synthetic_clips:
            raise ValueError(
                f"{recipe.name} has {recipe.data.synthetic_clips} synthetic clips and {first.name} "
                f"{first.data.synthetic_clips}: an ablation compares runs on the same data"
            )


def benchmark_command(weights: Sequence[Path]) -> str:
    """The command that compares the runs on the embedded suite, with our read-out and the paper's.

    The floors (log-mel, the untrained encoder) are added by it, and PANNs by name.
    """
    modules = [f"msssl_hear={path.parent}/{WEIGHTS}" for path in weights]
    modules += [f"{module}:paper" for module in modules]
    modules.append("benchmark.baselines.random=paper")
    rows = " ".join(map(shlex.quote, modules))
    return f"msbench run {rows} --baselines panns --seeds {HEAD_SEEDS} --out results/ablation"
