"""The clips and labels that the PANNs recipe learns from."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from pretrain.data.corpus import Corpus

HELD_OUT_EVERY = 20
"""One clip in 20 is not trained on: 5 %, for the mean average precision in the card."""


def split_corpus(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """Clips to train on, and every 20th of each source, to be held out."""
    held_out = []
    for source in sorted(set(corpus.sources)):
        clips = [i for i, tag in enumerate(corpus.sources) if tag == source]
        held_out += clips[HELD_OUT_EVERY // 2 :: HELD_OUT_EVERY]
    others = sorted(set(range(len(corpus))) - set(held_out))
    return _subset(corpus, others), _subset(corpus, sorted(held_out))


def one_hot(sources: tuple[str, ...], classes: tuple[str, ...]) -> Tensor:
    """Targets, float32, shape (clips, classes)."""
    indices = torch.tensor([classes.index(source) for source in sources], dtype=torch.int64)
    return functional.one_hot(indices, len(classes)).float()


def _subset(corpus: Corpus, clips: list[int]) -> Corpus:
    lengths = corpus.lengths[clips]
    return replace(
        corpus,
        samples=torch.cat([corpus.samples[:0], *(corpus.clip(i) for i in clips)]),
        offsets=functional.pad(lengths.cumsum(0), (1, 0)),
        names=tuple(corpus.names[i] for i in clips),
        sources=tuple(corpus.sources[i] for i in clips),
    )
