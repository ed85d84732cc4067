"""Stages of ``mspretrain run`` and ``pack``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from tests.faults.forked import ended_within, reap, start, workers_by_fork
from tests.faults.stage import Stage

RECIPE = """
encoder: {size: 16, width: 0.25, depth: 0.3}
data: {mixture_probability: 0.5}
run: {steps: 5, batch_size: 4, crop_frames: 32, checkpoint_minutes: 0.000001}
"""
LENGTHS = (8000, 20000, 3000, 6000, 9000, 16000, 5000, 12345)  # samples, two shorter than a crop
TRAIN = ("mspretrain", "run", "--out", "run", "--recipe")


def _audio(place: Path) -> None:
    for index, length in enumerate(LENGTHS):
        folder = place / "audio" / "ab"[index % 2]
        folder.mkdir(parents=True, exist_ok=True)
        samples = np.random.default_rng(index).normal(size=length).cumsum()
        soundfile.write(folder / f"{index}.wav", samples / (2 * abs(samples).max()), 16000)
    (place / "tiny.yaml").write_text(RECIPE)


def _shards(place: Path) -> None:
    _audio(place)
    words = ("mspretrain", "pack", "--data", "audio", "--out", "shards", "--clips-per-shard", "3")
    child = start((*words, "--processes", "1"), place, place.parent / ".begin", workers_by_fork)
    assert ended_within(child, 60) and reap(child) == 0, (place.parent / ".begin").read_text()


def _little_first() -> None:
    """Normalisation from 50 crops, where a real run takes 4000; states as often as steps."""
    from pretrain import training
    from pretrain.views.normalisation import log_mel_statistics

    training.log_mel_statistics = partial(log_mel_statistics, crops=50)


def _panns() -> None:
    _little_first()
    from dataclasses import replace

    from pretrain.panns import train as panns
    from pretrain.recipe_files import read_recipe

    def short(path: Path) -> object:
        recipe = read_recipe(path)
        return replace(recipe, run=replace(recipe.run, crop_frames=32, checkpoint_minutes=1e-9))

    panns.read_recipe = short  # type: ignore[attr-defined]


PRETRAINING = Stage(
    name="pretraining",
    command=(*TRAIN, "tiny.yaml", "--data", "audio"),
    begin=_audio,
    outputs=("run",),
    again=("--resume",),
    in_child=_little_first,
    inputs="audio",
    clip="audio/b/7.wav",
    lost="the steps since the last state (5 minutes)",
)
STREAMED = Stage(
    name="pretraining from shards",
    command=(*TRAIN, "tiny.yaml", "--data", "shards", "--reader", "stream"),
    begin=_shards,
    outputs=("run",),
    again=("--resume",),
    in_child=_little_first,
    inputs="shards",
    clip="shards/shard-000001.tar",
    lost="the steps since the last state (5 minutes)",
)
PANNS = Stage(
    name="pretraining, panns",
    command=(*TRAIN, "panns", "--data", "audio", "--steps", "3", "--batch-size", "2"),
    begin=_audio,
    outputs=("run",),
    again=("--resume",),
    in_child=_panns,
    inputs="audio",
    clip="audio/b/7.wav",
    lost="the steps since the last state (5 minutes)",
)
PACK = Stage(
    name="pack",
    command=(
        *("mspretrain", "pack", "--data", "audio", "--out", "shards"),
        *("--clips-per-shard", "2", "--processes", "2"),
    ),
    begin=_audio,
    outputs=("shards",),
    in_child=workers_by_fork,
    inputs="audio",  # a single file that vanishes is left out, by name, for good
    workers=True,
    lost="the current shard",
)

STAGES = (PRETRAINING, STREAMED, PANNS, PACK)
