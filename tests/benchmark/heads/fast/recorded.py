"""A CPU's stand-in for CUDA graphs: operations are recorded, and replayed on the same memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# What a recording on a GPU refuses: they wait for the device, or copy what Python just made.
FORBIDDEN = ("_local_scalar_dense", "nonzero", "lift_fresh", "masked_select", "equal")


class RecordedOperations(TorchDispatchMode):
    """Does work once and remembers its operations with the tensors that they read and wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        name = operation.overloadpacket.__name__
        assert name not in FORBIDDEN, f"{name} cannot be recorded"
        kwargs = kwargs or {}
        results = operation(*args, **kwargs)
        self.done.append((operation, args, kwargs, results))
        return results

    def replay(self) -> None:
        """The same operations; no Python but theirs runs."""
        with torch.no_grad():
            for operation, args, kwargs, results in self.done:
                again = tree_leaves(operation(*args, **kwargs))
                for new, old in zip(again, tree_leaves(results), strict=True):
                    if isinstance(new, Tensor) and new.data_ptr() != old.data_ptr():
                        old.copy_(new)


class OperationCapture:
    """Makes what repeats work on a CPU; the work is done, which `GraphRecorder` undoes.

    Attributes:
        captured: How many pieces of work were.
        replayed: How many replays there were.
    """

    def __init__(self) -> None:
        self.captured = self.replayed = 0

    def __call__(self, work, generator):
        mode = RecordedOperations()
        with mode:
            work()
        self.captured += 1

        def again() -> None:
            self.replayed += 1
            mode.replay()

        return again
