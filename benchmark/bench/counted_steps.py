"""How many steps optimisers make, and how many weights they update in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmark.heads.fast.adam import LockstepAdam


@dataclass
class Counted:
    """Counts so far.

    Attributes:
        steps: Of every optimiser of torch's, in the order of their first steps; in exact mode each
            training has one of its own.
        updates: Weights that were updated, summed over steps, in either mode.
    """

    steps: dict[torch.optim.Optimizer, int] = field(default_factory=dict)
    updates: int = 0

    def count(self, optimizer: torch.optim.Optimizer, *arguments: object) -> None:
        """Take note of a step of an optimiser of torch's."""
        self.steps[optimizer] = self.steps.get(optimizer, 0) + 1
        for group in optimizer.param_groups:
            self.updates += sum(weight.numel() for weight in group["params"])


@contextmanager
def counted_steps() -> Iterator[Counted]:
    """Count while the block runs."""
    counted = Counted()
    step = LockstepAdam.step

    def counted_step(adam: LockstepAdam) -> None:
        counted.updates += adam.size
        step(adam)

    hook = register_optimizer_step_post_hook(counted.count)
    try:
        with patch.object(LockstepAdam, "step", counted_step):
            yield counted
    finally:
        hook.remove()
