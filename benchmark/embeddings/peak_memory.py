"""How much memory a model needs while it embeds."""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import torch

from benchmark.models.foreign.module import ForeignModel

SAMPLING_SECONDS = 0.01
STATM = Path("/proc/self/statm")  # proc(5): pages in all, resident, of them shared (files), ...


class PeakMemory:
    """Peak memory of a stretch of work with a model, in bytes.

    It is the size of the model's parameters and buffers plus what was added at the peak. On CUDA
    the addition is exact, by torch's allocator (``max_memory_allocated``). On Linux CPUs it is the
    growth of the process's anonymous resident memory since the start, read every 10 ms, so that
    shorter peaks may be missed: activations, decoded audio and whatever else the process began to
    hold meanwhile. The interpreter, libraries and mapped files do not count, nor does what was held
    before. Freed memory that the C library kept is handed back at the start, or work that reuses
    it would seem to need none. Elsewhere nothing is measured, nor of a model that is in another
    interpreter.

    Args:
        model: The model at work.
        device: Where it is.
    """

    def __init__(self, model: torch.nn.Module, device: str) -> None:
        tensors = [*model.parameters(), *model.buffers()]
        self._model_bytes = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        foreign = isinstance(model, ForeignModel)
        self._device = torch.device("meta" if foreign else device)  # on which nothing is measured
        self._start = self._peak = 0
        self._ended = threading.Event()
        self._sampler: threading.Thread | None = None

    def __enter__(self) -> PeakMemory:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            self._start = torch.cuda.memory_allocated(self._device)
        elif self._device.type == "cpu" and STATM.exists():
            _hand_back_freed_memory()
            self._start = self._peak = _anonymous_bytes()
            self._sampler = threading.Thread(target=self._sample, name="peak-memory", daemon=True)
            self._sampler.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._sampler:
            self._ended.set()
            self._sampler.join()

    @property
    def bytes(self) -> int | None:
        """The peak so far; None where it cannot be measured."""
        if self._device.type == "cuda":
            self._peak = torch.cuda.max_memory_allocated(self._device)
        elif self._sampler is None:
            return None
        elif not self._ended.is_set():
            self._peak = max(self._peak, _anonymous_bytes())
        return self._model_bytes + self._peak - self._start

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLING_SECONDS):
            self._peak = max(self._peak, _anonymous_bytes())


def _anonymous_bytes() -> int:
    resident, shared = map(int, STATM.read_bytes().split()[1:3])
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def _hand_back_freed_memory() -> None:
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
