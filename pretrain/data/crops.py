"""Batches of crops from a corpus in memory: crops are cut out of one long signal, on any device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn

from pretrain.data.corpus import Corpus, to_float
from pretrain.data.sampler import BatchClips, Sampler
from pretrain.data.seeds import generator_for
from pretrain.data.share import BatchShard


def cut(samples: Tensor, starts: Tensor, length: int) -> Tensor:
    """The pieces that start at the given places, all of one length.

    Args:
        samples: Shape (samples,), at least ``length`` of them.
        starts: First sample of each piece, int64 on the CPU, shape (pieces,).
        length: Of a piece.

    Returns:
        Same type, on the samples' device, shape (pieces, length).
    """
    return copied(samples, starts, length) if samples.is_cpu else gathered(samples, starts, length)


def copied(samples: Tensor, starts: Tensor, length: int) -> Tensor:
    """Row by row: on a CPU 20 times as fast as an index per sample."""
    return samples.unfold(0, length, 1).index_select(0, starts)


def gathered(samples: Tensor, starts: Tensor, length: int) -> Tensor:
    """All at once, for a GPU: only the starts are copied to it."""
    steps = torch.arange(length, device=samples.device)
    return samples[starts.to(samples.device, non_blocking=True)[:, None] + steps]


class CropSampler(Sampler):
    """Draws batches: each clip once per epoch, crops uniformly from anywhere in the clip.

    Or, balanced by source: clips of small sources more often than those of large ones.
    """

    def __init__(
        self,
        corpus: Corpus,
        batch_size: int,
        crop_samples: int,
        grid: int,
        max_offset: int,
        seed: int,
        device: torch.device | str = "cpu",
        share: BatchShard | None = None,
        source_balance: float = 0.0,
    ) -> None:
        """Move the corpus to the device.

        Args:
            corpus: Clips to draw from.
            batch_size: Clips per batch, over all processes.
            crop_samples: Length of a crop, samples.
            grid: Samples per output frame of the encoder; partners start on this grid.
            max_offset: Largest distance of the partner from the anchor, grid units.
            seed: The run's seed.
            device: Where crops are cut.
            share: Rows of the batch to cut; None: all.
            source_balance: As `pretrain.recipe.DataArgs` says.

        Raises:
            ValueError: The corpus has one clip, or fewer clips than a batch.
        """
        if len(corpus) == 1:
            raise ValueError(
                f"the corpus has 1 clip, {corpus.names[0]}, but clips are compared with each "
                "other; add clips, or cut a long recording into several"
            )
        if len(corpus) < batch_size:
            raise ValueError(
                f"the corpus has {len(corpus)} clips, fewer than a batch of {batch_size}; "
                f"give --batch-size {len(corpus)} or less"
            )
        places = (crop_samples, grid, max_offset, seed, share)
        super().__init__(corpus.lengths, batch_size, *places)
        self.weights = clip_weights(corpus.sources, source_balance) if source_balance else None
        self.corpus, self.starts = corpus, corpus.offsets[:-1]
        # A corpus of one short clip or two may be shorter than a crop.
        missing = max(crop_samples - len(corpus.samples), 0)
        samples = nn.functional.pad(corpus.samples, (0, missing)) if missing else corpus.samples
        self.samples = samples.to(device)
        self.order = lru_cache(maxsize=2)(self._draw_order)  # of all clips, by epoch

    @property
    def batches_per_epoch(self) -> int:
        """Full batches in an epoch; the few clips left over wait for another epoch."""
        return len(self.clip_lengths) // self.batch_size

    def _clips(self, step: int) -> Tensor:
        if self.weights is not None:
            drawn = generator_for(self.seed, step, "balance")
            return torch.multinomial(self.weights, self.batch_size, generator=drawn)
        epoch, batch = divmod(step, self.batches_per_epoch)
        return self.order(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]

    def _draw_order(self, epoch: int) -> Tensor:
        generator = generator_for(self.seed, epoch, "epoch")
        return torch.randperm(len(self.clip_lengths), generator=generator)

    def _random_clips(self, step: int, generator: torch.Generator) -> BatchClips:
        size = self.batch_size
        if self.weights is None:
            clips = torch.randint(len(self.clip_lengths), (size,), generator=generator)
        else:
            clips = torch.multinomial(self.weights, size, replacement=True, generator=generator)
        return BatchClips(clips, torch.full_like(clips, step))

    def _cut(self, clips: BatchClips, starts: Tensor) -> Tensor:
        return self.crops_at(self.share.of(clips.indices), self.share.of(starts))

    def _cut_all(self, places: Sequence[tuple[BatchClips, Tensor]]) -> Tensor:
        """At once: a GPU starts a few kernels instead of a few for each place."""
        clips = torch.cat([self.share.of(clips.indices) for clips, _ in places])
        starts = torch.cat([self.share.of(starts) for _, starts in places])
        return self.crops_at(clips, starts).view(len(places), -1, self.crop_samples)

    def crops_at(self, clips: Tensor, starts: Tensor) -> Tensor:
        """Crops that start so many samples into their clips, float32, zeros outside of clips."""
        wanted = self.starts[clips] + starts
        possible = wanted.clamp(0, len(self.samples) - self.crop_samples)
        crops = to_float(cut(self.samples, possible, self.crop_samples))
        # At the corpus's own ends: what is rolled in from the other side is outside of the clip.
        for row in (wanted != possible).nonzero().flatten().tolist():
            crops[row] = crops[row].roll(int(possible[row] - wanted[row]))
        ends = self.clip_lengths[clips] - starts
        outside = ((starts < 0) | (ends < self.crop_samples)).nonzero().flatten()
        if len(outside):
            places = torch.arange(self.crop_samples, device=crops.device)
            first, end, rows = (
                x.to(crops.device, non_blocking=True)
                for x in (-starts[outside, None], ends[outside, None], outside)
            )
            crops[rows] *= (places >= first) & (places < end)
        return crops


def clip_weights(sources: Sequence[str], balance: float) -> Tensor:
    """Chance of each clip to be drawn: in proportion to ``n ** -balance`` in a source of n clips.

    Args:
        sources: Of each clip.
        balance: 0 gives each clip the same, 1 each source.

    Returns:
        float64, shape (clips,), of sum 1.
    """
    sizes = Counter(sources)
    weights = torch.tensor([sizes[source] for source in sources], dtype=torch.float64) ** -balance
    return weights / weights.sum()
