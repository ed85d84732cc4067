"""Which rows of the joint batch a process works on."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class BatchShard:
    """Equal parts of a batch, in the order of the ranks.

    Every process draws the numbers of the whole batch, which is cheap, and uses its own rows of
    them: so the joint batch is the one that a single process would have drawn.

    Attributes:
        batch_size: Clips of the joint batch, over all processes.
        rank: This process: 0, 1, ...
        world_size: Processes.
    """

    batch_size: int
    rank: int = 0
    world_size: int = 1

    def __post_init__(self) -> None:
        """Check that the shares are equal."""
        if self.batch_size % self.world_size:
            raise ValueError(
                f"a batch of {self.batch_size} clips cannot be shared evenly by {self.world_size} "
                "processes; give a --batch-size (the total) that is a multiple of "
                f"{self.world_size}"
            )

    @property
    def size(self) -> int:
        """Rows of one process."""
        return self.batch_size // self.world_size

    @property
    def rows(self) -> slice:
        """This process's rows."""
        return slice(self.rank * self.size, (self.rank + 1) * self.size)

    def of(self, joint: Tensor) -> Tensor:
        """This process's rows of a tensor of the joint batch, (batch size, ...) to (size, ...)."""
        return joint[self.rows]
