import time

import pytest
import torch

from benchmark.embeddings.peak_memory import STATM, PeakMemory

MB = 10**6
pytestmark = pytest.mark.skipif(not STATM.exists(), reason="only measured on Linux and on CUDA")


def _hold(megabytes: int) -> None:
    held = torch.ones(megabytes * MB // 4)
    time.sleep(0.05)
    assert held[0] == 1


def test_the_peak_is_seen_and_what_was_held_before_is_not() -> None:
    before = torch.ones(50 * MB // 4)
    with PeakMemory(torch.nn.Identity(), "cpu") as first:
        _hold(200)
        time.sleep(0.05)
    with PeakMemory(torch.nn.Identity(), "cpu") as second:  # reuses what the first one freed
        _hold(100)
    assert first.bytes is not None
    assert second.bytes is not None
    assert 195 * MB < first.bytes < 230 * MB
    assert 95 * MB < second.bytes < 130 * MB
    assert len(before)


def test_many_small_pieces_count_again_when_they_are_reused() -> None:
    def hold() -> None:
        pieces = [torch.ones(4000) for _ in range(6000)]  # 96 MB from the heap
        time.sleep(0.05)
        assert len(pieces) == 6000

    for _ in range(2):
        with PeakMemory(torch.nn.Identity(), "cpu") as memory:
            hold()
        assert memory.bytes is not None
        assert 90 * MB < memory.bytes < 140 * MB


def test_the_model_counts_and_other_devices_do_not() -> None:
    model = torch.nn.BatchNorm1d(1000)  # 4 x 1000 floats and a step counter
    with PeakMemory(model, "cpu") as memory:
        pass
    assert memory.bytes is not None
    assert 16008 <= memory.bytes < 5 * MB
    with PeakMemory(model, "meta") as memory:
        pass
    assert memory.bytes is None
