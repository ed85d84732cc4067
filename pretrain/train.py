"""Training an encoder by a recipe, from the first step to the weights' file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msssl_hear.log_frequency import LogFrequencyConfig
from pretrain.data.corpus import Corpus
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.loop import Loop
from pretrain.recipe import Recipe
from pretrain.training import Training
from pretrain.views.pitch_shift import check_shift


def train(
    recipe: Recipe,
    corpus: Corpus | ShardCorpus,
    folder: Path,
    device: str,
    resume: bool,
    chunk: int | None = None,
    compiled: bool = False,
    quiet: bool = False,
) -> Path:
    """Train by a recipe, or resume a run, and write its weights.

    Where torchrun started several processes, all call this and share each batch; the first writes.

    Args:
        recipe: All settings.
        corpus: Audio, at the front end's sample rate.
        folder: The run's folder.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.
        resume: Resume from the folder's training state.
        chunk: Clips that a process encodes at once; None for all of its share.
        compiled: Whether the encoder is compiled; the same numbers but for rounding.
        quiet: Whether to leave out the lines about progress.

    Returns:
        The weights' file.

    Raises:
        ValueError: Settings that do not fit each other, the corpus or the folder.
        FloatingPointError: The loss became NaN or infinite.
        ConnectionError: Another process died.
    """
    check_shift(recipe.log_mel, recipe.augment.max_shift_semitones)
    if recipe.encoder.pitch_numbers > 0:
        check_shift(LogFrequencyConfig(), recipe.augment.max_shift_semitones)
    training = Training(recipe, corpus, device, chunk, compiled)
    loop = Loop(training, folder, recipe.run.steps, recipe.run.checkpoint_minutes, quiet)
    facts: dict[str, Any] = {"clips": len(corpus), "sha256": corpus.fingerprint()}
    if isinstance(corpus, ShardCorpus):
        facts["reader"] = "stream"  # its batches are others than those of a corpus in memory
    config = {**recipe.to_dict(), "corpus": facts}
    state = loop.open(config, resume)
    if state is None:
        training.fit_statistics()
    else:
        loop.restore(state)
    loop.run()
    return loop.export()
