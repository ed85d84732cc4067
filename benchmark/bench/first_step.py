"""The first step of an optimiser of torch's, which imports half of torch (torch._dynamo).

``python -m`` this prints what it took, as JSON. Upstream takes such a step as part of its work, so
`heads` takes that cost off again.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import torch

from benchmark.bench.cost import Cost, now, run_measured


def first_optimizer_step() -> Cost:
    """Make one step of a small optimiser, so that the next ones are only steps."""
    before = now()
    weight = torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.Adam([weight])
    torch.autograd.backward(weight.sum())
    optimizer.step()
    optimizer.zero_grad()
    return now() - before


def measured_first_step() -> Cost:
    """The same in a process of its own."""
    said, _ = run_measured([sys.executable, "-m", "benchmark.bench.first_step"])
    return Cost(**json.loads(said.splitlines()[-1]))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(first_optimizer_step())) + "\n")
