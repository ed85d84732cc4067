"""The Python API: train an encoder. Nothing here exits; nothing prints unless it is asked to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path

from msssl_common.locks import locked_or_refused
from msssl_common.memory import freed_memory_retained
from pretrain.data.open import open_data
from pretrain.data.shards.corpus import Reader
from pretrain.distributed.launch import is_first
from pretrain.recipe import Recipe
from pretrain.recipe_files import find_recipe, read_recipe
from pretrain.run_folder import check_start, stored_settings
from pretrain.train import train


def fit(
    recipe: str | Path | Recipe = "multi",
    *,
    data: Path | str,
    out: Path | str,
    steps: int | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    device: str = "auto",
    resume: bool = False,
    chunk: int | None = None,
    reader: Reader | None = None,
    compiled: bool = False,
    quiet: bool = True,
) -> Path:
    """Train an encoder on a folder of audio, as ``mspretrain run`` does.

    Where torchrun started several processes, all call this and share each batch.

    Args:
        recipe: A shipped recipe's name, a YAML file, or a `Recipe`.
        data: Folder of audio at any depth, or of shards.
        out: Run folder. One process at a time may train in it.
        steps: Optimiser steps; None for the recipe's, or for those of the run that is resumed.
        batch_size: Clips per step; None as above.
        seed: Of weights and random draws; None as above.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        resume: Resume the run in ``out``.
        chunk: Clips that are encoded at once; None for the whole batch.
        reader: How shards are read; None: in memory, if they take at most half of what is free.
        compiled: Whether torch.compile makes the encoder's program.
        quiet: Whether to leave out the lines about progress, which go to stderr.

    Returns:
        The weights' file, for ``msssl_hear.load_model``; its card lies beside it.

    Raises:
        ValueError: Settings that do not fit each other, the audio or the folder; a folder that
            holds a run, without ``resume``; a folder in which another process trains.
        OSError: Audio or folder cannot be read or written.
        FloatingPointError: The loss became NaN or infinite.
    """
    data, out = Path(data), Path(out)
    chosen = recipe_with_overrides(recipe, out if resume else None, steps, batch_size, seed)
    with only_run_in(out):
        # Before the audio is decoded, which may take minutes.
        check_start(out, resume, chosen.to_dict())
        made, rate = chosen.data.synthetic_clips, chosen.log_mel.sample_rate
        # Each process reads the audio; the first tells what it found.
        with redirect_stderr(StringIO()) if quiet or not is_first() else nullcontext():
            corpus = open_data(data, rate, made, chosen.run.seed, device, reader)
            synthetic = f" ({made} of them synthetic)" if made else ""
            print(f"{len(corpus)} clips{synthetic}, {corpus.hours:.2f} h", file=sys.stderr)
        with freed_memory_retained():  # a third of the time on a CPU
            return train(chosen, corpus, out, device, resume, chunk, compiled, quiet)


def recipe_with_overrides(
    recipe: str | Path | Recipe,
    resumed: Path | None,
    steps: int | None,
    batch_size: int | None,
    seed: int | None,
) -> Recipe:
    """The recipe with what the caller says instead.

    Args:
        recipe: As for `fit`.
        resumed: Folder of the run that is resumed: what the caller leaves out is taken from it.
        steps: As for `fit`.
        batch_size: As for `fit`.
        seed: As for `fit`.
    """
    shipped = recipe if isinstance(recipe, Recipe) else read_recipe(find_recipe(str(recipe)))
    before = stored_settings(resumed) if resumed else {}

    def chosen(name: str, said: int | None, otherwise: int) -> int:
        return before.get(name, otherwise) if said is None else said

    run = shipped.run
    run = replace(
        run,
        steps=chosen("steps", steps, run.steps),
        batch_size=chosen("batch_size", batch_size, run.batch_size),
        seed=chosen("seed", seed, run.seed),
    )
    return replace(shipped, run=run)


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Hold a run folder: two trainings in one would mix their files.

    Of the processes of one distributed training, the first holds it. Where files cannot be locked,
    nothing is checked.

    Raises:
        ValueError: Another process trains in the folder.
        OSError: The folder cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not is_first():
        yield
        return
    busy = ValueError(f"another process is training in {folder}: wait for it, or stop it")
    try:
        with locked_or_refused(folder / ".lock", busy, remove=True):
            yield
    finally:
        with suppress(OSError):  # a run that never started leaves no folder
            folder.rmdir()
