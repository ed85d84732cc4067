"""The card: how a run's weights were made."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import torch

from msssl_hear.version import __version__
from pretrain.data.corpus import Corpus
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.loop import Progress
from pretrain.recipe import Recipe


def make_card(
    recipe: Recipe,
    corpus: Corpus | ShardCorpus,
    progress: Progress,
    crops: int,
    batches_per_epoch: int,
    device: Mapping[str, str],
) -> dict[str, Any]:
    """The card of an encoder.

    Args:
        recipe: All settings.
        corpus: What it was trained on.
        progress: How far the run is.
        crops: That were encoded.
        batches_per_epoch: Of the corpus.
        device: Its name, and what products were computed in: ``TF32`` keeps 10 bits of a number.
    """
    settings = recipe.to_dict()
    return {
        "recipe": recipe.name,
        "read_out": recipe.read_out,
        "data": corpus_facts(corpus),
        "steps": progress.step,
        "batch_size": recipe.run.batch_size,
        "crops": crops,
        **time_facts(progress, batches_per_epoch, recipe.run.seed),
        "metrics": {key: round(value, 4) for key, value in progress.last_row.items()},
        "settings": {key: settings[key] for key in ("data", "augment", "loss", "optimiser", "run")},
        "device": dict(device),
        "versions": versions(),
    }


def corpus_facts(corpus: Corpus | ShardCorpus) -> dict[str, Any]:
    """Size, sources and fingerprint of the audio."""
    return {
        "clips": len(corpus),
        "hours": round(corpus.hours, 3),
        "sources": dict(sorted(Counter(corpus.sources).items())),
        "sha256_of_names_and_lengths": corpus.fingerprint(),
    }


def time_facts(progress: Progress, batches_per_epoch: int, seed: int) -> dict[str, Any]:
    """Length, seed and day of a run."""
    return {
        "epochs": round(progress.step / batches_per_epoch, 1),
        "seconds": round(progress.seconds, 1),
        "seed": seed,
        "date": datetime.now(timezone.utc).date().isoformat(),
    }


def versions() -> dict[str, str]:
    """What the weights were made with."""
    return {
        "msssl_hear": __version__,
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }
