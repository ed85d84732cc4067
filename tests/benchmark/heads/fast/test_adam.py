"""Steps of all heads against torch's own fused Adam, bit for bit."""

import subprocess
import sys

import torch

from benchmark.heads.fast.adam import StackedAdam

RATES = (1e-2, 3e-4, 1e-2)


SHAPES = [(5, 70), (33,), (3, 5)]


def stacked(draw):
    """One tensor per weight, with the weights of all heads."""
    return [torch.stack([draw(shape) for _ in RATES]) for shape in SHAPES]


def test_steps_are_those_of_torchs_fused_adam_also_after_heads_were_dropped():
    torch.manual_seed(0)
    ours = stacked(torch.randn)
    theirs = [[weight[head].clone() for weight in ours] for head in range(len(RATES))]
    adam = StackedAdam(ours, RATES)
    optimizers = [
        torch.optim.Adam(own, lr, fused=True) for own, lr in zip(theirs, RATES, strict=True)
    ]
    going = [0, 1, 2]
    for step in range(12):
        if step == 7:
            going = [0, 2]
            ours = [weight[going] for weight in ours]
            adam.keep(going, ours)
        gradients = stacked(lambda shape: torch.randn(shape) * 10.0 ** torch.randint(-6, 3, ()))
        adam.step([gradient[going] for gradient in gradients])
        for head in going:
            for weight, gradient in zip(theirs[head], gradients, strict=True):
                weight.grad = gradient[head]
            optimizers[head].step()
    for place, head in enumerate(going):
        for weight, wanted in zip(ours, theirs[head], strict=True):
            assert torch.equal(weight[place], wanted)
    assert adam.size == sum(weight.numel() for weight in ours)


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
