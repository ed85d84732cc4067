"""A validation whose outcome is read later, while the device trains on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from benchmark.heads.fast.stack import HeadStack


class LateValidation:
    """Takes a stack's logits and weights; both stay as they are until the next time.

    Args:
        stack: The heads; the same ones at every validation.
        batches: Of validation rows, each of shape (size, rows).

    Attributes:
        tensors: `HeadStack.tensors` as they were when the logits were taken.
    """

    def __init__(self, stack: HeadStack, batches: Sequence[Tensor]) -> None:
        self.tensors = {name: torch.empty_like(tensor) for name, tensor in stack.tensors.items()}
        self._stack = stack
        self._batches = batches
        self._on_device: Tensor | None = None
        self._here: Tensor | None = None
        self._fetched: torch.cuda.Event | None = None

    def take(self) -> None:
        """Take both, on the stack's device: work that can be recorded after the first time."""
        logits = self._stack.logits(self._batches)
        if self._on_device is None:
            self._on_device = torch.empty_like(logits)
        self._on_device.copy_(logits)
        torch._foreach_copy_(list(self.tensors.values()), list(self._stack.tensors.values()))

    def taken(self) -> list[Tensor]:
        """What `take` writes to, once it has."""
        assert self._on_device is not None
        return [self._on_device, *self.tensors.values()]

    def fetch(self) -> None:
        """Start to copy the logits to the CPU; on a GPU nothing is waited for."""
        found = self._on_device
        assert found is not None  # `take` comes first
        if found.device.type != "cuda":
            self._here = found.cpu()
            return
        if self._here is None or self._fetched is None:
            self._here = torch.empty(found.shape, dtype=found.dtype, pin_memory=True)
            self._fetched = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._here.copy_(found, non_blocking=True)
        self._fetched.record()

    def logits(self) -> Tensor:
        """Those last fetched, float32, shape (heads, classes, rows), on the CPU; waits for them."""
        if self._fetched is not None:
            self._fetched.synchronize()
        assert self._here is not None  # `fetch` comes first
        return self._here
