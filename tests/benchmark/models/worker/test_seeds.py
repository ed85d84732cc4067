from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
import torch

from benchmark.models.worker.inside.seeds import seed_torch


@pytest.mark.parametrize("again", [False, True])
def test_draws_are_those_of_torchs_own_seed(again: bool) -> None:
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.rand(7)
    seed_torch(torch, again)
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mtia", "mps", None])
def test_devices_in_use_are_seeded_each_time_and_others_once(kind: str | None) -> None:
    kinds: dict[str, Any] = {
        name: SimpleNamespace(is_initialized=lambda name=name: name == kind)
        for name in ("cuda", "xpu", "mtia")
    }
    mps = SimpleNamespace(is_available=lambda: kind == "mps")
    fake = SimpleNamespace(
        **kinds,
        backends=SimpleNamespace(mps=mps),
        manual_seed=Mock(),
        default_generator=Mock(),
    )
    seed_torch(fake, again=False)
    assert fake.manual_seed.call_count == 1
    seed_torch(fake, again=True)
    assert fake.manual_seed.call_count == (1 if kind is None else 2)
    assert fake.default_generator.manual_seed.call_count == (1 if kind is None else 0)
