"""The order in which clips come, as a function of seed and step alone.

Nothing has to be saved to go on in the middle of an epoch: the batch of any step can be told.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

LANES = 16  # at most: places at which an epoch is read at once
BUFFER = 4096  # clips that are shuffled together, over all lanes
_SHARDS, _CLIPS = 6, 7  # streams of random numbers; those of pretrain.seeds are 0 to 5


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
