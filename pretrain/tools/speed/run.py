"""Opens the data, prepares a training and measures it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from msssl_common.messages import say
from pretrain.data.corpus import Corpus
from pretrain.data.open import open_data
from pretrain.data.shards.corpus import Reader, ShardCorpus
from pretrain.recipe import Recipe
from pretrain.tools.speed.authors import AuthorsPipeline, save_clips
from pretrain.tools.speed.rounds import Findings, measure
from pretrain.tools.speed.table import Setting
from pretrain.training import Training


def run_bench(
    recipe: Recipe,
    data: Path,
    device: str,
    reader: Reader | None,
    compiled: bool,
    runs: int,
    steps: int,
    authors: Sequence[str],
) -> tuple[Setting, Findings]:
    """Measure a recipe's training.

    Args:
        recipe: All settings.
        data: Folder of audio or of shards.
        device: Lightning Fabric's accelerator.
        reader: How shards are read; None: as their size decides.
        compiled: Whether the encoder is compiled.
        runs: Rounds.
        steps: Per round.
        authors: Command of the authors' pipeline; empty to leave it out.

    Raises:
        ValueError: The data or the settings cannot be used.
    """
    before = time.process_time()
    synthetic, seed = recipe.data.synthetic_clips, recipe.run.seed
    corpus = open_data(data, recipe.log_mel.sample_rate, synthetic, seed, device, reader)
    opening = time.process_time() - before
    with TemporaryDirectory() as folder:
        training = Training(recipe, corpus, device, compiled=compiled)
        if training.fabric.device.type == "cpu":
            torch.set_num_threads(1)
        training.fit_statistics()
        theirs = None
        if authors:
            clips = Path(folder) / "clips.npz"
            save_clips(corpus, recipe.run.crop_frames * recipe.log_mel.hop_length, clips)
            theirs = AuthorsPipeline(authors, clips, recipe.run.batch_size)
        found = measure(training, steps, runs, theirs, lambda line: say(line, err=True))
    return _setting(training, corpus, compiled, opening), found


def _setting(
    training: Training, corpus: Corpus | ShardCorpus, compiled: bool, opening: float
) -> Setting:
    recipe, device = training.recipe, training.fabric.device
    read = "streamed" if isinstance(corpus, ShardCorpus) else "in memory"
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return Setting(
        recipe=recipe.name,
        data=f"{len(corpus)} clips, {corpus.hours:.2f} h, {read}",
        crops=training.crops_per_step,
        parameters=sum(p.numel() for p in training.module.encoder.parameters()),
        device=name,
        precision=recipe.run.precision,
        compiled=compiled,
        opening=opening,
    )
