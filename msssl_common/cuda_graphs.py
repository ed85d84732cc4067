"""Recording a CUDA graph: the operations of some work, which a GPU then repeats by itself.

Source: PyTorch's notes on CUDA semantics, section "CUDA Graphs".
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

ONE_RECORDING = threading.Lock()  # torch allows one at a time in a process


@contextmanager
def recording(
    graph: torch.cuda.CUDAGraph,
    stream: torch.cuda.Stream,
    generators: Sequence[torch.Generator] = (),
    beside: torch.cuda.CUDAGraph | None = None,
) -> Iterator[None]:
    """Record what is done inside; nothing of it is done yet.

    Args:
        graph: That takes it.
        stream: That it is recorded on, not the default one.
        generators: That the work draws from; draws follow their states at every replay.
        beside: An earlier graph, whose memory it shares where neither keeps it.

    Raises:
        RuntimeError: It cannot be recorded, or there is no memory for it.
    """
    for generator in generators:
        graph.register_generator_state(generator)
    recorder = torch.cuda.graph(
        graph,
        pool=None if beside is None else beside.pool(),
        stream=stream,
        capture_error_mode="thread_local",  # what other threads do meanwhile is no fault
    )
    with ONE_RECORDING, _nothing_collected(), recorder:
        yield


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep Python from freeing forgotten GPU memory, graphs and events: that cannot be recorded."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
