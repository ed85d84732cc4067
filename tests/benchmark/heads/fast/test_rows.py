"""What depends on the device; rows themselves are in test_train."""

from types import SimpleNamespace

import pytest
import torch

from benchmark.heads.fast.rows import KEPT_BYTES, most_kept, product_dtype

CUDA = torch.device("cuda")


@pytest.mark.parametrize(("major", "dtype"), [(7, torch.float32), (9, torch.bfloat16)])
def test_a_gpu_multiplies_bfloat16_only_where_it_has_it(major, dtype, monkeypatch):
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda device: SimpleNamespace(major=major)
    )
    assert product_dtype(CUDA) == dtype


def test_a_quarter_of_a_gpus_free_memory_may_hold_embeddings(monkeypatch):
    for free, most in ((40 << 30, 10 << 30), (1 << 30, KEPT_BYTES)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, f=free: (f, 80 << 30))
        assert most_kept(CUDA) == most
    assert most_kept(torch.device("cpu")) == KEPT_BYTES
