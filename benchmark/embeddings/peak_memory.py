"""How much memory a model needs while it embeds."""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import torch

from benchmark.models.worker.module import WorkerModel, WorkerModule

SAMPLING_SECONDS = 0.01
STATM = Path("/proc/self/statm")  # proc(5): pages in all, resident, of them shared (files), ...


class PeakMemory:
    """Peak memory of a stretch of work with a model, in bytes.

    It is the size of the model's parameters and buffers plus what was added at the peak. On CUDA
    the addition is exact, by torch's allocator (``max_memory_allocated``). On Linux CPUs it is the
    growth of the anonymous resident memory of the model's process since the start, read every 10
    ms, so that shorter peaks may be missed: activations, a batch's audio and whatever else the
    process began to hold meanwhile. The interpreter, libraries and mapped files do not count, nor
    does what was held before. Freed memory that the C library kept is handed back at the start, or
    work that reuses it would seem to need none. Elsewhere nothing is measured, nor for TensorFlow
    on a GPU, nor after a worker process died.

    Args:
        model: The model at work.
        device: Where it is.
        worker: The worker process that it is in, if it is in one.
    """

    def __init__(
        self, model: torch.nn.Module, device: str, worker: WorkerModule | None = None
    ) -> None:
        self._model_bytes = _model_bytes(model)
        self._device = torch.device(device)
        self._worker = worker
        self._statm = Path(f"/proc/{worker.pid}/statm") if worker else STATM
        self._start: int | None = 0
        self._peak = 0
        self._ended = threading.Event()
        self._sampler: threading.Thread | None = None

    def __enter__(self) -> PeakMemory:
        held = self._begin()
        if self._device.type == "cuda":
            self._start = held
        elif self._device.type == "cpu" and self._statm.exists():
            self._start = self._peak = self._anonymous_bytes()
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
            self._peak = max(self._peak, self._device_peak() or 0)
        elif self._sampler is None:
            return None
        elif not self._ended.is_set():
            self._peak = max(self._peak, self._anonymous_bytes())
        if self._start is None or (self._worker and not self._statm.exists()):
            return None
        return self._model_bytes + self._peak - self._start

    def _begin(self) -> int | None:
        """Hand back what is free; bytes held on a CUDA device."""
        if self._worker:
            return self._worker.device_memory(begin=True)
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            return torch.cuda.memory_allocated(self._device)
        _hand_back_freed_memory()
        return None

    def _device_peak(self) -> int | None:
        if self._worker:
            return self._worker.device_memory(begin=False)
        return torch.cuda.max_memory_allocated(self._device)

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLING_SECONDS):
            self._peak = max(self._peak, self._anonymous_bytes())

    def _anonymous_bytes(self) -> int:
        try:
            resident, shared = map(int, self._statm.read_bytes().split()[1:3])
        except (OSError, ValueError):  # the worker died
            return 0
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def _model_bytes(model: torch.nn.Module) -> int:
    """Of parameters and buffers."""
    if isinstance(model, WorkerModel):
        return model.facts.model_bytes
    tensors = [*model.parameters(), *model.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _hand_back_freed_memory() -> None:
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
