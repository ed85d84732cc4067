"""Batches of crops from shards, with the interface of ``pretrain.crops.CropSampler``."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pretrain.corpus import to_float
from pretrain.crop_places import place_crops, uniform
from pretrain.crops import CropBatch
from pretrain.distributed.share import Share
from pretrain.seeds import generator_for
from pretrain.shards.corpus import ShardCorpus
from pretrain.shards.order import BUFFER, ShardOrder

AHEAD = 4  # batches that are decoded before their turn; second sounds come from them
THREADS = 4  # that read and decode; they wait most of the time


class ShardSampler:
    """Draws batches: clips in the order of `ShardOrder`, crops from anywhere in a clip.

    A batch depends on the seed and the step only, and each of several processes gets its rows. The
    buffer costs no memory: clips are read at their places, and the system keeps what was read of a
    shard as long as it can. Decoded are the batches up to ``AHEAD`` only.

    Attributes:
        share: Of this process.
    """

    def __init__(
        self,
        corpus: ShardCorpus,
        batch_size: int,
        crop_samples: int,
        grid: int,
        max_offset: int,
        seed: int,
        device: torch.device | str = "cpu",
        share: Share | None = None,
        buffer: int = BUFFER,
    ) -> None:
        """Start the threads.

        Args:
            corpus: Clips to draw from.
            batch_size: Clips per batch, over all processes.
            crop_samples: Length of a crop, samples.
            grid: Samples per output frame of the encoder; partners start on this grid.
            max_offset: Largest distance of the partner from the anchor, grid units.
            seed: The run's seed.
            device: Where crops go.
            share: Rows of the batch to read; None: all.
            buffer: Clips that are shuffled together.

        Raises:
            ValueError: The shards have fewer clips than a batch.
        """
        self.corpus, self.seed = corpus, seed
        self.batch_size = batch_size
        self.share = share or Share(batch_size)
        self.crop_samples = crop_samples
        self.grid = grid
        self.max_offset = max_offset
        self.device = torch.device(device)
        self.order = ShardOrder(corpus.shard_of, batch_size, seed, buffer)
        self.threads = ThreadPoolExecutor(THREADS, "shards")
        self.decoded: dict[tuple[int, int], Future[Tensor]] = {}  # by step and clip

    @property
    def batches_per_epoch(self) -> int:
        """Full batches in an epoch; the few clips left over wait for another epoch."""
        return self.order.batches_per_epoch

    def draw(self, step: int) -> CropBatch:
        """The batch of a step (0, 1, ...), or this process's share of it, B clips.

        Any step can be drawn; going on by one is what is fast.

        Raises:
            OSError: A shard is gone or damaged.
        """
        self._look_ahead(step)
        clips = self.order.clips(step)
        lengths = self.corpus.lengths[clips]
        generator = generator_for(self.seed, step, "crops")
        place = place_crops(lengths, self.crop_samples, self.grid, self.max_offset, generator)
        steps, of = np.full(len(clips), step), self.share.of
        return CropBatch(
            anchor=self._cut(steps, clips, place.anchor),
            positive=self._cut(steps, clips, place.positive),
            partner=self._cut(steps, clips, place.anchor + place.offsets * self.grid),
            lengths=of(lengths).clamp_max(self.crop_samples),
            offsets=of(place.offsets),
            clips=of(torch.from_numpy(clips)),
        )

    def companions(self, step: int, offsets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Anchor, positive and partner crops of clips of the next batches, to be mixed in.

        Args:
            step: Of the batch.
            offsets: The share's, so that the second sound starts as much later as the first.

        Returns:
            Three float32 tensors, shape (B, crop samples).
        """
        generator = generator_for(self.seed, step, "mixtures")
        steps, clips = self._any_ahead(step, generator)
        starts = self._starts(clips, generator)
        other = self._starts(clips, generator)
        moved = starts.clone()
        moved[self.share.rows] += offsets * self.grid
        return (
            self._cut(steps, clips, starts),
            self._cut(steps, clips, other),
            self._cut(steps, clips, moved),
        )

    def backgrounds(self, step: int, views: int) -> Tensor:
        """Crops of clips of the next batches, float32, shape (views, B, crop samples)."""
        generator = generator_for(self.seed, step, "backgrounds")
        crops = []
        for _ in range(views):
            steps, clips = self._any_ahead(step, generator)
            crops.append(self._cut(steps, clips, self._starts(clips, generator)))
        return torch.stack(crops)

    def _any_ahead(
        self, step: int, generator: torch.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """For each row of the joint batch a clip of its lane, and the step whose batch it is of.

        Of its lane, so that no process has to read the shards of another.
        """
        shape, rows = (self.batch_size,), self.order.rows
        later = torch.randint(1, AHEAD + 1, shape, generator=generator).numpy()
        places = torch.randint(rows, shape, generator=generator).numpy()
        batches = np.stack([self.order.clips(step + ahead) for ahead in range(AHEAD + 1)])
        lanes = np.arange(self.batch_size) // rows
        return step + later, batches[later, lanes * rows + places]

    def _starts(self, clips: NDArray[np.int64], generator: torch.Generator) -> Tensor:
        rooms = (self.corpus.lengths[clips] - self.crop_samples).clamp_min(0)
        return uniform(torch.zeros_like(rooms), rooms, generator)

    def _look_ahead(self, step: int) -> None:
        """Have the share of this batch and the next ones decoded; forget those that are over."""
        for key in [key for key in self.decoded if not step <= key[0] <= step + AHEAD]:
            self.decoded.pop(key).cancel()
        for ahead in range(step, step + AHEAD + 1):
            for clip in self.order.clips(ahead)[self.share.rows].tolist():
                self._samples(ahead, clip)

    def _samples(self, step: int, clip: int) -> Future[Tensor]:
        key = (step, clip)
        if key not in self.decoded:
            self.decoded[key] = self.threads.submit(self.corpus.clip, clip)
        return self.decoded[key]

    def _cut(self, steps: NDArray[np.int64], clips: NDArray[np.int64], starts: Tensor) -> Tensor:
        """This process's rows of the joint batch, float32, zeros outside of clips."""
        rows = self.share.rows
        crops = torch.zeros(self.share.size, self.crop_samples, dtype=torch.int16)
        places = zip(steps[rows].tolist(), clips[rows].tolist(), starts[rows].tolist(), strict=True)
        for crop, (step, clip, start) in zip(crops, places, strict=True):
            samples = self._samples(step, clip).result()
            first = max(start, 0)
            piece = samples[first : max(start + self.crop_samples, 0)]
            crop[first - start : first - start + len(piece)] = piece
        return to_float(crops.to(self.device, non_blocking=True))
