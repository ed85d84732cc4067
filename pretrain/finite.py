"""Whether a step's numbers are finite: asked some steps later, so that nothing waits for a GPU."""

from __future__ import annotations

from collections import deque

import torch
from torch import Tensor

LATE = 4
"""Steps that may be under way when a step is looked at; a GPU has finished it by then, or it has
enough to do."""


def check_finite(step: int, loss: Tensor, length: Tensor) -> None:
    """Refuse a step whose loss or gradient is NaN or infinite.

    Args:
        step: 0, 1, ...
        loss: Scalar, on the CPU.
        length: Of the gradient, the same.

    Raises:
        FloatingPointError: It is.
    """
    for name, value in (("loss", loss), ("length of the gradient", length)):
        if not bool(value.isfinite()):
            raise FloatingPointError(
                f"the {name} is {value.item()} at step {step + 1}; "
                "the state before it is kept: lower optimiser.learning_rate and start again"
            )


class LateCheck:
    """`check_finite` of steps that a device may not have finished."""

    def __init__(self) -> None:
        """Nothing to look at yet."""
        self.waiting: deque[tuple[int, Tensor, torch.cuda.Event | None]] = deque()

    def add(self, step: int, loss: Tensor, length: Tensor) -> None:
        """Take a step's numbers, and look at those of an earlier step.

        Args:
            step: 0, 1, ...
            loss: Scalar, on any device.
            length: Of the gradient, the same.

        Raises:
            FloatingPointError: A step some steps ago was not finite.
        """
        values = torch.stack([loss, length])
        event = None
        if values.is_cuda:
            values = values.to("cpu", non_blocking=True)
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
        self.waiting.append((step, values, event))
        if len(self.waiting) > LATE:
            self._look()

    def settle(self) -> None:
        """Wait for all steps and look at them; raises as `add` does."""
        while self.waiting:
            self._look()

    def _look(self) -> None:
        step, values, event = self.waiting.popleft()
        if event is not None:
            event.synchronize()
        check_finite(step, *values)
