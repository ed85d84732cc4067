"""The ablation: one run per recipe and seed, all on the same audio for the same steps."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from msssl_common.console import make_console
from pretrain.data.open import open_data, read_data
from pretrain.recipe import Recipe
from pretrain.recipe_files import find_recipe, read_recipe
from pretrain.run_folder import WEIGHTS
from pretrain.tools.side_by_side import Planned, train_side_by_side
from pretrain.train import train

ROWS = ("cola", "clip_frame", "clip_pitch", "multi", "multi_bilinear", "multi_contrast")
"""Recipes that share encoder, front end, data and steps, so that the losses are what differs."""

HEAD_SEEDS = 3
"""Seeds of the heads; they show how much the heads vary, not how much the training does."""


def ablate(
    names: Sequence[str],
    data: Path,
    out: Path,
    steps: int | None,
    seeds: Sequence[int],
    device: str,
    jobs: int = 1,
) -> list[Path]:
    """Train every recipe with every seed; runs that an earlier call left unfinished are resumed.

    Args:
        names: Recipes.
        data: Folder of audio or of shards.
        out: Takes a run folder per recipe, or, with several seeds, per recipe and seed: ``NAME-0``.
        steps: Of every run; None is the first recipe's.
        seeds: Training seeds, that is of weights, draws and synthetic clips; empty is the first
            recipe's.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.
        jobs: Runs at a time. Above 1, the audio is held in memory by each of them.

    Returns:
        The weights' files: those of the first recipe, by seed, then those of the second.

    Raises:
        ValueError: Recipes of different budgets, or what ``train`` refuses.
        RuntimeError: Of several runs at a time, some failed.
    """
    recipes = [read_recipe(find_recipe(name)) for name in names]
    run = recipes[0].run
    run = replace(run, steps=steps or run.steps)
    seeds = list(dict.fromkeys(seeds)) or [run.seed]
    recipes = [
        replace(recipe, run=replace(run, seed=seed, precision=recipe.run.precision))
        for recipe in recipes
        for seed in seeds
    ]
    check_equal_data(recipes)
    runs = [Planned(recipe, out / run_name(recipe, seeds)) for recipe in recipes]
    console = make_console(stderr=True, soft_wrap=True)
    if jobs > 1:
        corpus = read_data(data, recipes[0].log_mel.sample_rate)
        out.mkdir(parents=True, exist_ok=True)
        return train_side_by_side(runs, corpus, out, device, jobs, console.print)
    return _one_after_another(runs, data, device, console)


def _one_after_another(
    runs: Sequence[Planned], data: Path, device: str, console: Console
) -> list[Path]:
    """All runs of a seed before those of the next, because the synthetic clips are the seed's."""
    weights: dict[Path, Path] = {}
    first = runs[0].recipe
    made, rate = first.data.synthetic_clips, first.log_mel.sample_rate
    for seed in dict.fromkeys(planned.recipe.run.seed for planned in runs):
        corpus = open_data(data, rate, made, seed, device)
        for planned in runs:
            if planned.recipe.run.seed == seed:
                console.print(f"{planned.folder.name}:", style="bold")
                weights[planned.folder] = train(
                    planned.recipe, corpus, planned.folder, device, resume=True
                )
    return [weights[planned.folder] for planned in runs]


def run_name(recipe: Recipe, seeds: Sequence[int]) -> str:
    """Name of a run's folder and row."""
    return recipe.name if len(seeds) == 1 else f"{recipe.name}-{recipe.run.seed}"


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


RESULTS = "results/ablation"


def benchmark_commands(weights: Sequence[Path], several_seeds: bool = False) -> list[str]:
    """The command that scores the runs on the embedded suite, with our read-out and the paper's.

    The floors (log-mel, the untrained encoder) are added by it, and PANNs by name. Where recipes
    were trained with several seeds, a second command compares recipes over them.

    Args:
        weights: Of each run, in its folder.
        several_seeds: Whether the folders' names end with the seed (`run_name`).
    """
    named = [(path.parent.name, f"msssl_hear={path.parent}/{WEIGHTS}") for path in weights]
    modules = [f"{name}:={module}" for name, module in named]
    modules += [f"paper {name}:={module}:paper" for name, module in named]
    modules.append("benchmark.baselines.random=paper")
    rows = " ".join(map(shlex.quote, modules))
    run = f"msbench run {rows} --baselines panns --seeds {HEAD_SEEDS} --out {RESULTS}"
    if not several_seeds:
        return [run]
    recipes = list(dict.fromkeys(name.rpartition("-")[0] for name, _ in named))
    groups = [f"{name}={name}-*" for name in recipes]
    groups += [f"paper {name}=paper {name}-*" for name in recipes]
    return [run, f"msbench compare {RESULTS} {shlex.join(f'--group={g}' for g in groups)}"]
