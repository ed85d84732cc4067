import pytest
import torch

from pretrain.finite import LATE, LateCheck


def test_steps_are_looked_at_in_order_a_few_steps_later() -> None:
    late, good, bad = LateCheck(), torch.tensor(1.0), torch.tensor(float("inf"))
    late.add(0, good, good)
    late.add(1, good, bad)
    late.add(2, bad, bad)
    for step in range(3, LATE + 1):
        late.add(step, good, good)
    with pytest.raises(FloatingPointError, match="length of the gradient is inf at step 2;"):
        late.add(LATE + 1, good, good)
    with pytest.raises(FloatingPointError, match="the loss is inf at step 3;"):
        late.settle()
    late.settle()
    assert not late.waiting
