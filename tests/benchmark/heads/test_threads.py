"""Small batches are trained on one thread, large ones as upstream does."""

import torch

from benchmark.heads.torch_state import SHARED_ROWS, threads_for


def test_threads_follow_the_batch_and_come_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads_for(64):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with threads_for(SHARED_ROWS):
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
