"""What all samplers share: where the crops of a batch are, from seed and step alone.

A batch has two random crops of each clip, and a third that nearly repeats the first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from pretrain.data.seeds import generator_for
from pretrain.data.share import BatchShard

CROPS = 3  # of a clip: anchor, positive, partner


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


class BatchClips(NamedTuple):
    """Clips of the joint batch, over all processes.

    Attributes:
        indices: Of each clip in the corpus, int64, shape (batch size,).
        steps: In whose batch each clip is, int64, shape (batch size,).
    """

    indices: Tensor
    steps: Tensor


class StepCrops(NamedTuple):
    """All crops of a step, before they are mixed.

    Attributes:
        crops: float32, shape (3 to 10, B, crop samples): anchors, positives and partners of the
            batch, then of the clips to be mixed in, then what is put behind the views.
        lengths: As in `CropBatch`, as is the rest.
        offsets: Of the partners.
        clips: In the corpus.
    """

    crops: Tensor
    lengths: Tensor
    offsets: Tensor
    clips: Tensor


class Sampler(ABC):
    """Draws batches, and crops to be mixed into them.

    A batch depends on the seed and the step only, and each of several processes gets its rows.

    Attributes:
        share: Of this process.
    """

    def __init__(
        self,
        lengths: Tensor,
        batch_size: int,
        crop_samples: int,
        grid: int,
        max_offset: int,
        seed: int,
        share: BatchShard | None,
    ) -> None:
        """Keep the settings.

        Args:
            lengths: Of the corpus's clips, samples, int64, shape (clips,).
            batch_size: Clips per batch, over all processes.
            crop_samples: Length of a crop, samples.
            grid: Samples per output frame of the encoder; partners start on this grid.
            max_offset: Largest distance of the partner from the anchor, grid units.
            seed: The run's seed.
            share: Rows of the batch to cut; None: all.
        """
        self.clip_lengths = lengths
        self.batch_size = batch_size
        self.share = share or BatchShard(batch_size)
        self.crop_samples = crop_samples
        self.grid = grid
        self.max_offset = max_offset
        self.seed = seed

    @property
    @abstractmethod
    def batches_per_epoch(self) -> int:
        """Full batches in an epoch; the few clips left over wait for another epoch."""

    @abstractmethod
    def _clips(self, step: int) -> Tensor:
        """Clips of a step's joint batch, int64, shape (batch size,)."""

    @abstractmethod
    def _random_clips(self, step: int, generator: torch.Generator) -> BatchClips:
        """Clips to be mixed into a step's batch, one for each row."""

    @abstractmethod
    def _cut(self, clips: BatchClips, starts: Tensor) -> Tensor:
        """This process's crops, float32, shape (B, crop samples); zeros outside of clips.

        Args:
            clips: Of the joint batch.
            starts: First sample of each crop in its clip, also before or after it, int64, shape
                (batch size,).
        """

    def draw(self, step: int) -> CropBatch:
        """The batch of a step (0, 1, ...), or this process's share of it, B clips."""
        clips, wanted, offsets = self._batch_places(step)
        anchor, positive, partner = (self._cut(clips, starts) for starts in wanted)
        lengths, of = self.clip_lengths[clips.indices], self.share.of
        return CropBatch(
            anchor,
            positive,
            partner,
            of(lengths).clamp_max(self.crop_samples),
            of(offsets),
            of(clips.indices),
        )

    def draw_all(self, step: int, mixed: bool, behind: int) -> StepCrops:
        """The batch of a step, what is to be mixed into it, and what is to be put behind it.

        Args:
            step: 0, 1, ...
            mixed: Whether to draw second clips.
            behind: Views that get backgrounds.
        """
        clips, wanted, offsets = self._batch_places(step)
        of, offsets = self.share.of, self.share.of(offsets)
        places = [(clips, starts) for starts in wanted]
        if mixed:
            places += self._mixture_places(step, offsets)
        places += self._background_places(step, behind)
        lengths = of(self.clip_lengths[clips.indices]).clamp_max(self.crop_samples)
        return StepCrops(self._cut_all(places), lengths, offsets, of(clips.indices))

    def mixture_crops(self, step: int, offsets: Tensor) -> Tensor:
        """Anchor, positive and partner crops of random other clips, to be mixed into a batch.

        Args:
            step: Of the batch.
            offsets: The share's, so that the second sound starts as much later as the first.

        Returns:
            float32, shape (3, B, crop samples).
        """
        return self._cut_all(self._mixture_places(step, offsets))

    def backgrounds(self, step: int, views: int) -> Tensor:
        """Random crops of random clips, float32, shape (views, B, crop samples)."""
        return self._cut_all(self._background_places(step, views))

    def _batch_places(self, step: int) -> tuple[BatchClips, tuple[Tensor, ...], Tensor]:
        """Clips of a step's joint batch, starts of its three crops, and the partners' distances."""
        indices = self._clips(step)
        generator = generator_for(self.seed, step, "crops")
        anchor, positive, offsets = place_crops(
            self.clip_lengths[indices], self.crop_samples, self.grid, self.max_offset, generator
        )
        clips = BatchClips(indices, torch.full_like(indices, step))
        return clips, (anchor, positive, anchor + offsets * self.grid), offsets

    def _mixture_places(self, step: int, offsets: Tensor) -> list[tuple[BatchClips, Tensor]]:
        generator = generator_for(self.seed, step, "mixtures")
        clips, anchor = self._random_places(step, generator)
        positive = self._random_starts(clips, generator)
        partner = anchor.clone()
        partner[self.share.rows] += offsets * self.grid
        return [(clips, starts) for starts in (anchor, positive, partner)]

    def _background_places(self, step: int, views: int) -> list[tuple[BatchClips, Tensor]]:
        generator = generator_for(self.seed, step, "backgrounds")
        return [self._random_places(step, generator) for _ in range(views)]

    def _cut_all(self, places: Sequence[tuple[BatchClips, Tensor]]) -> Tensor:
        """`_cut` at several places, float32, shape (places, B, crop samples)."""
        return torch.stack([self._cut(clips, starts) for clips, starts in places])

    def _random_places(self, step: int, generator: torch.Generator) -> tuple[BatchClips, Tensor]:
        """Random clips, and where a crop of each may start, int64, shape (batch size,)."""
        clips = self._random_clips(step, generator)
        return clips, self._random_starts(clips, generator)

    def _random_starts(self, clips: BatchClips, generator: torch.Generator) -> Tensor:
        rooms = (self.clip_lengths[clips.indices] - self.crop_samples).clamp_min(0)
        return uniform(torch.zeros_like(rooms), rooms, generator)
