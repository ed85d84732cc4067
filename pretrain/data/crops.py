"""The crops of a batch: two random ones of each clip, and a third that nearly repeats the first.

Crops are cut out of one long signal, on any device.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from pretrain.data.corpus import Corpus, to_float
from pretrain.data.seeds import generator_for
from pretrain.data.share import BatchShard


class CropPlaces(NamedTuple):
    """Starts of the crops of B clips, samples, and the partner's distance; int64, shape (B,).

    Attributes:
        anchor: Of the first crop.
        positive: Of another.
        offsets: Grid units by which the partner starts later than the anchor.
    """

    anchor: Tensor
    positive: Tensor
    offsets: Tensor


def place_crops(
    lengths: Tensor, crop_samples: int, grid: int, max_offset: int, generator: torch.Generator
) -> CropPlaces:
    """Two random crops of each clip, and a third near the first; all inside the clip.

    Args:
        lengths: Of the clips, samples, int64, shape (B,).
        crop_samples: Length of a crop.
        grid: Samples per output frame of the encoder.
        max_offset: Largest distance of the third crop from the first, grid units.
        generator: Of the draws.
    """
    rooms = (lengths - crop_samples).clamp_min(0)  # last possible start of a crop
    anchor = uniform(torch.zeros_like(rooms), rooms, generator)
    positive = uniform(torch.zeros_like(rooms), rooms, generator)
    earliest = -(anchor // grid).clamp_max(max_offset)
    latest = ((rooms - anchor) // grid).clamp_max(max_offset)
    return CropPlaces(anchor, positive, uniform(earliest, latest, generator))


def uniform(lowest: Tensor, highest: Tensor, generator: torch.Generator) -> Tensor:
    """Integers uniform in [lowest, highest], element by element, int64."""
    fractions = torch.rand(len(lowest), generator=generator, dtype=torch.float64)
    return lowest + (fractions * (highest - lowest + 1)).long()


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
    """Row by row, as a processor likes it: 20 times as fast there as an index per sample."""
    return samples.unfold(0, length, 1).index_select(0, starts)


def gathered(samples: Tensor, starts: Tensor, length: int) -> Tensor:
    """All at once, as a GPU likes it; nothing but the starts is sent there."""
    steps = torch.arange(length, device=samples.device)
    return samples[starts.to(samples.device, non_blocking=True)[:, None] + steps]


class CropBatch(NamedTuple):
    """Crops of B different clips, at equal places.

    Numbers about the crops stay on the CPU, where they were drawn: nothing waits for the device.

    Attributes:
        anchor: float32 waveforms in [-1, 1), shape (B, crop samples); short clips are zero padded.
        positive: Another random crop of the same clips, same shape (COLA's positive).
        partner: The anchor's sound again, starting a little later or earlier, same shape.
        lengths: Samples that are no padding, the same for the three crops, int64, shape (B,).
        offsets: Grid units by which the partner starts later than the anchor, int64, shape (B,).
        clips: Index of each clip in the corpus, int64, shape (B,).
    """

    anchor: Tensor
    positive: Tensor
    partner: Tensor
    lengths: Tensor
    offsets: Tensor
    clips: Tensor


class CropSampler:
    """Draws batches: each clip once per epoch, crops uniformly from anywhere in the clip.

    A batch depends on the seed and the step only, and each of several processes gets its rows.

    Attributes:
        share: Of this process.
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
        self.batch_size = batch_size
        self.share = share or BatchShard(batch_size)
        self.crop_samples = crop_samples
        self.grid = grid
        self.max_offset = max_offset
        self.seed = seed
        self.clip_lengths = corpus.lengths
        self.starts = corpus.offsets[:-1]
        # A corpus of one short clip or two may be shorter than a crop.
        missing = max(crop_samples - len(corpus.samples), 0)
        samples = nn.functional.pad(corpus.samples, (0, missing)) if missing else corpus.samples
        self.samples = samples.to(device)

    @property
    def batches_per_epoch(self) -> int:
        """Full batches in an epoch; the few clips left over wait for another epoch."""
        return len(self.clip_lengths) // self.batch_size

    def draw(self, step: int) -> CropBatch:
        """The batch of a step (0, 1, ...), or this process's share of it, B clips."""
        clips = self._clips(step)
        lengths = self.clip_lengths[clips]
        generator = generator_for(self.seed, step, "crops")
        anchor, positive, offsets = place_crops(
            lengths, self.crop_samples, self.grid, self.max_offset, generator
        )
        own = self.share.of(clips)
        return CropBatch(
            anchor=self._cut(own, self.share.of(anchor)),
            positive=self._cut(own, self.share.of(positive)),
            partner=self._cut(own, self.share.of(anchor + offsets * self.grid)),
            lengths=self.share.of(lengths).clamp_max(self.crop_samples),
            offsets=self.share.of(offsets),
            clips=own,
        )

    def companions(self, step: int, offsets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Anchor, positive and partner crops of random other clips, to be mixed into a batch.

        Args:
            step: Of the batch.
            offsets: The share's, so that the second sound starts as much later as the first.

        Returns:
            Three float32 tensors, shape (B, crop samples).
        """
        generator = generator_for(self.seed, step, "mixtures")
        clips, starts = self._anywhere(generator)
        other = self.share.of(self._start(clips, generator))
        clips, starts = self.share.of(clips), self.share.of(starts)
        moved = starts + offsets * self.grid
        return self._cut(clips, starts), self._cut(clips, other), self._cut(clips, moved)

    def backgrounds(self, step: int, views: int) -> Tensor:
        """Random crops of random clips, float32, shape (views, B, crop samples)."""
        generator = generator_for(self.seed, step, "backgrounds")
        draws = [self._anywhere(generator) for _ in range(views)]
        of = self.share.of
        return torch.stack([self._cut(of(clips), of(starts)) for clips, starts in draws])

    def _anywhere(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random clips, and where a crop of each may start; both int64, shape (batch size,)."""
        clips = torch.randint(len(self.clip_lengths), (self.batch_size,), generator=generator)
        return clips, self._start(clips, generator)

    def _start(self, clips: Tensor, generator: torch.Generator) -> Tensor:
        rooms = (self.clip_lengths[clips] - self.crop_samples).clamp_min(0)
        return uniform(torch.zeros_like(rooms), rooms, generator)

    def _clips(self, step: int) -> Tensor:
        epoch, batch = divmod(step, self.batches_per_epoch)
        generator = generator_for(self.seed, epoch, "epoch")
        order = torch.randperm(len(self.clip_lengths), generator=generator)
        return order[batch * self.batch_size : (batch + 1) * self.batch_size]

    def _cut(self, clips: Tensor, starts: Tensor) -> Tensor:
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
