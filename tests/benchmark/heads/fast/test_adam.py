"""Steps of all heads against torch's own fused Adam, bit for bit."""

import subprocess
import sys

import torch

from benchmark.heads.fast.adam import StackedAdam

RATES = (1e-2, 3e-4, 1e-3)


def some_weights():
    torch.manual_seed(0)
    shapes = [(5, 70), (33,), (3, 5)]
    return [[torch.randn(shape) for shape in shapes] for _ in RATES]


def leave_gradients(weights, step):
    torch.manual_seed(step)
    for own in weights:
        for weight in own:
            weight.grad = torch.randn_like(weight) * 10.0 ** torch.randint(-6, 3, ())


def test_steps_are_those_of_torchs_fused_adam_also_after_heads_were_dropped():
    ours, theirs = some_weights(), some_weights()
    adam = StackedAdam(ours, RATES)
    optimizers = [
        torch.optim.Adam(own, lr, fused=True) for own, lr in zip(theirs, RATES, strict=True)
    ]
    for step in range(12):
        if step == 7:
            adam.keep([0, 2])
            ours, theirs = [ours[0], ours[2]], [theirs[0], theirs[2]]
            optimizers = [optimizers[0], optimizers[2]]
        for weights in (ours, theirs):
            leave_gradients(weights, step)
        adam.step()
        for optimizer in optimizers:
            optimizer.step()
    for own, wanted in zip(ours, theirs, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(own, wanted, strict=True))


def test_torchs_compiler_is_not_imported():
    """It takes a second and more, which is more than a small task's heads take."""
    code = (
        "import sys, torch\n"
        "from benchmark.heads.grid import GridPoint\n"
        "from benchmark.heads.head import Head\n"
        "from benchmark.heads.fast.stack import HeadStack\n"
        "point = GridPoint(1, 4, 0.1, 0.01, 1, 1, 1, 8, 'xavier_normal_')\n"
        "stack = HeadStack([Head(3, 2, point)], [0.01], 0.1, torch.float32, "
        "torch.Generator(), torch.zeros(3))\n"
        "stack.step(torch.randn(3, 8), torch.zeros(8, dtype=torch.int64), 'multiclass')\n"
        "print({'torch._dynamo', 'sklearn', 'scipy.stats'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
