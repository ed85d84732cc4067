"""A corpus and a recipe small enough to train on in a test."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from msssl_hear.encoder import EncoderConfig
from pretrain.data.corpus import Corpus
from pretrain.recipe import Recipe, RunArgs
from pretrain.views.normalisation import log_mel_statistics


def make_tiny_corpus() -> Corpus:
    """Eight clips of coloured noise, two of them shorter than a crop."""
    generator = torch.Generator().manual_seed(1)
    lengths = [8000, 20000, 3000, 6000, 9000, 16000, 5000, 12345]
    clips = [torch.randn(n, generator=generator).cumsum(0) for n in lengths]
    clips = [(clip / clip.abs().max() * 20000).to(torch.int16) for clip in clips]
    names = tuple(f"{i}.wav" for i in range(len(clips)))
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    return Corpus(torch.cat(clips), offsets, names, ("noise",) * len(clips))


@pytest.fixture
def tiny_corpus() -> Corpus:
    return make_tiny_corpus()


@pytest.fixture
def few_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Normalisation from 50 crops: the 4000 of a real run take longer than these trainings."""
    monkeypatch.setattr(
        "pretrain.training.log_mel_statistics", partial(log_mel_statistics, crops=50)
    )


@pytest.fixture
def tiny_recipe() -> Recipe:
    return make_tiny_recipe()


def make_tiny_recipe() -> Recipe:
    """Six steps of a very small encoder."""
    return Recipe(
        name="tiny",
        encoder=EncoderConfig(size=16, width=0.25, depth=0.3),
        run=RunArgs(steps=6, batch_size=4, crop_frames=32),
    )
