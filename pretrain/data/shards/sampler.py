"""Batches of crops from shards, which are read as the training goes.

The order of the clips is a function of the seed and the step alone, so a run resumes in the middle
of an epoch without a saved state.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from math import gcd

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pretrain.data.corpus import to_float
from pretrain.data.sampler import BatchClips, CropBatch, Sampler, StepCrops
from pretrain.data.shards.corpus import ShardCorpus
from pretrain.data.share import BatchShard

LANES = 16  # at most: places at which an epoch is read at once
BUFFER = 4096  # clips that are shuffled together, over all lanes
# Streams of NumPy's numbers, so that they have nothing to do with those of pretrain.data.seeds,
# which seed torch's.
_SHARDS, _CLIPS = 6, 7


class ShardOrder:
    """Batches of an epoch: shards shuffled, split into lanes, shuffled in buffers.

    The shards of an epoch, in random order, are one line of clips, cut into equal lanes. Each batch
    takes equally many clips from every lane, lane by lane; so the processes of a training, which
    share a batch's rows in order, read different shards, and each lane reads its shards from front
    to back. Consecutive clips of a lane are shuffled within a buffer. Batches do not depend on how
    many processes or threads share them, and are as many in every epoch; the few clips left over
    are others each time.
    """

    def __init__(
        self, shard_of: NDArray[np.int64], batch_size: int, seed: int, buffer: int = BUFFER
    ) -> None:
        """Find out how many batches an epoch has.

        Args:
            shard_of: Shard of each clip, never falling, shape (clips,).
            batch_size: Clips per batch, over all processes.
            seed: The run's.
            buffer: Clips that are shuffled together, over all lanes.

        Raises:
            ValueError: There are fewer clips than a batch.
        """
        self.bounds = np.flatnonzero(np.diff(shard_of, prepend=-1, append=shard_of[-1] + 1))
        self.seed = seed
        self.lanes = gcd(batch_size, LANES)
        self.rows = batch_size // self.lanes  # of a batch, in each lane
        self.batches_per_epoch = len(shard_of) // batch_size
        self.buffer = max(buffer // self.lanes, 1)
        if self.batches_per_epoch == 0:
            raise ValueError(
                f"the shards have {len(shard_of)} clips, fewer than a batch of {batch_size}; "
                f"give --batch-size {len(shard_of)} or less"
            )
        self.lines = lru_cache(maxsize=2)(self._make_lines)

    def clips(self, step: int) -> NDArray[np.int64]:
        """Clips of a step's batch (0, 1, ...), lane by lane, shape (batch size,)."""
        epoch, batch = divmod(step, self.batches_per_epoch)
        lines = self.lines(epoch)[:, batch * self.rows : (batch + 1) * self.rows]
        return lines.reshape(-1)

    def _make_lines(self, epoch: int) -> NDArray[np.int64]:
        """Clips of an epoch, shape (lanes, clips of a lane)."""
        shards = self._generator(_SHARDS, epoch).permutation(len(self.bounds) - 1)
        pieces = [np.arange(self.bounds[shard], self.bounds[shard + 1]) for shard in shards]
        length = self.batches_per_epoch * self.rows
        lines = np.concatenate(pieces)[: self.lanes * length].reshape(self.lanes, length)
        generator = self._generator(_CLIPS, epoch)
        for start in range(0, length, self.buffer):
            buffers = lines[:, start : start + self.buffer]
            lines[:, start : start + self.buffer] = generator.permuted(buffers, axis=1)
        return lines

    def _generator(self, stream: int, epoch: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, epoch, stream])


AHEAD = 4  # batches that are decoded before their turn; second sounds come from them
THREADS = 4  # that read and decode; they wait most of the time


class ShardSampler(Sampler):
    """Draws batches: clips in the order of `ShardOrder`, crops from anywhere in a clip.

    The buffer costs no memory: clips are read at their places, and the system keeps what was read
    of a shard as long as it can. Decoded are the batches up to ``AHEAD`` only.
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
        share: BatchShard | None = None,
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
        places = (crop_samples, grid, max_offset, seed, share)
        super().__init__(corpus.lengths, batch_size, *places)
        self.corpus = corpus
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

        Any step can be drawn; consecutive steps are fast, because they are decoded ahead.

        Raises:
            OSError: A shard is gone or damaged.
        """
        self._look_ahead(step)
        return super().draw(step)

    def draw_all(self, step: int, mixed: bool, behind: int) -> StepCrops:
        """As `draw`, with what is to be mixed in."""
        self._look_ahead(step)
        return super().draw_all(step, mixed, behind)

    def _clips(self, step: int) -> Tensor:
        return torch.from_numpy(self.order.clips(step))

    def _random_clips(self, step: int, generator: torch.Generator) -> BatchClips:
        """For each row of the joint batch a clip of its lane, of one of the next batches.

        Of its lane, so that no process has to read the shards of another.
        """
        shape, rows = (self.batch_size,), self.order.rows
        later = torch.randint(1, AHEAD + 1, shape, generator=generator)
        places = torch.randint(rows, shape, generator=generator)
        batches = torch.stack([self._clips(step + ahead) for ahead in range(AHEAD + 1)])
        lanes = torch.arange(self.batch_size) // rows
        return BatchClips(batches[later, lanes * rows + places], step + later)

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

    def _cut(self, clips: BatchClips, starts: Tensor) -> Tensor:
        crops = torch.zeros(self.share.size, self.crop_samples, dtype=torch.int16)
        own = (self.share.of(x).tolist() for x in (clips.steps, clips.indices, starts))
        places = zip(*own, strict=True)
        for crop, (step, clip, start) in zip(crops, places, strict=True):
            samples = self._samples(step, clip).result()
            first = max(start, 0)
            piece = samples[first : max(start + self.crop_samples, 0)]
            crop[first - start : first - start + len(piece)] = piece
        return to_float(crops.to(self.device, non_blocking=True))
