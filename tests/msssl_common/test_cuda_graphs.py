"""What holds while a graph is recorded; that recordings are right, tests/gpu checks on a GPU."""

import gc
from contextlib import nullcontext
from typing import Any

import pytest
import torch

from msssl_common.cuda_graphs import ONE_RECORDING, recording


class Graph:
    """Takes what is asked of a CUDA graph."""

    def __init__(self) -> None:
        self.generators: list[object] = []

    def register_generator_state(self, generator: object) -> None:
        self.generators.append(generator)

    def pool(self) -> str:
        return "its memory"


def test_nothing_is_collected_and_nothing_else_recorded_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, Any] = {}

    def record(graph: object, **settings: object) -> Any:
        asked.update(settings, graph=graph)
        return nullcontext()

    monkeypatch.setattr(torch.cuda, "graph", record)
    graph: Any = Graph()
    stream: Any = "a stream"
    with recording(graph, stream, [torch.Generator()], beside=Graph()):  # type: ignore[arg-type]
        assert not gc.isenabled() and ONE_RECORDING.locked()
    assert len(graph.generators) == 1 and asked["graph"] is graph
    assert asked["stream"] == "a stream" and asked["pool"] == "its memory"
    with pytest.raises(RuntimeError, match="cannot"), recording(graph, stream):
        raise RuntimeError("cannot be recorded")
    assert gc.isenabled() and not ONE_RECORDING.locked() and asked["pool"] is None
