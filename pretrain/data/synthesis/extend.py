"""A corpus with synthetic clips after its own."""

from __future__ import annotations

from dataclasses import replace

import torch

from pretrain.data.corpus import Corpus
from pretrain.data.synthesis.clips import synthetic_clips, synthetic_names

SOURCE = "synthetic"  # the clips' tag


def with_synthetic_clips(corpus: Corpus, count: int, seed: int) -> Corpus:
    """Append synthetic clips at the corpus's sample rate.

    Args:
        corpus: Stays as it is; its clips keep their places in the result.
        count: How many to append; 0 gives the corpus back.
        seed: Of the clips.

    Raises:
        ValueError: An argument is out of range, or the corpus has synthetic clips already.
    """
    if any(name.startswith(f"{SOURCE}/") for name in corpus.names):
        raise ValueError(f"the corpus has clips under {SOURCE}/ already; rename that folder")
    clips = synthetic_clips(count, seed, corpus.sample_rate)
    if not clips:
        return corpus
    lengths = torch.tensor([len(clip) for clip in clips])
    return replace(
        corpus,
        samples=torch.cat([corpus.samples, *map(torch.from_numpy, clips)]),
        offsets=torch.cat([corpus.offsets, corpus.offsets[-1] + lengths.cumsum(0)]),
        names=(*corpus.names, *synthetic_names(count, seed)),
        sources=(*corpus.sources, *[SOURCE] * count),
    )
