import math

from torch import nn

from pretrain.optimiser import learning_rate, make_optimiser, set_learning_rate
from pretrain.recipe import OptimiserArgs


def test_rate_warms_up_in_a_line_and_decays_in_a_half_cosine() -> None:
    rates = [learning_rate(step, 110, 1.0, 10 / 110) for step in range(110)]
    assert all(math.isclose(rates[i], (i + 1) / 10) for i in range(10))
    assert rates[10] == 1.0 and math.isclose(rates[60], 0.5)
    assert 0 < rates[-1] < 1e-3
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_one_step_and_no_warm_up() -> None:
    assert learning_rate(0, 1, 1.0, 0.0) == 1.0


def test_only_matrices_decay() -> None:
    optimiser = make_optimiser(nn.Linear(3, 2), OptimiserArgs(weight_decay=0.1))
    decays = {
        p.ndim: group["weight_decay"] for group in optimiser.param_groups for p in group["params"]
    }
    assert decays == {2: 0.1, 1: 0.0}
    set_learning_rate(optimiser, 0.25)
    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 0.25]
