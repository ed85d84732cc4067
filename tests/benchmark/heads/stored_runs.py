"""hear-eval-kit's stored runs, and whether arithmetic on this machine rounds as it did in them.

Sums of matrix products, exponentials and square roots round by processor, by number of threads and
by version of torch, and a training carries the last bit of a weight into the third digit of a
score. So ours are the stored numbers to the digit where the bits are the same, and near them
elsewhere (`near_upstream`).
"""

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import nn

THREADS = 2
"""As many as the stored runs had."""

ROUNDING = {
    "faster": "c30fb1c6a4640136e957195f9b9b041fee0ab37457da39f42c05619ab19f460a",
    "default": "b60ccad3091935ebdd77b259c036bb41142a59df3b515ebc46bb11633bf84cf2",
}
"""What `rounding` gives where the stored runs are reproduced to 2e-16: AVX-512 and torch 2.13."""

# Rows and size of the stored runs' training batches, rows of their validation batches.
BATCHES = ((1000, 128, 250), (612, 128, 204), (1024, 64, 364), (68, 64, 1024))
# Hidden layers of each grid.
HIDDEN = {"faster": ((), (64,), (128,)), "default": ((1024,), (1024, 1024))}
STEPS = 2


@contextmanager
def stored_threads() -> Iterator[None]:
    """As many threads as the stored runs had."""
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def rounds_as_stored_runs(grid: str) -> bool:
    """Whether this machine gives the bits that the stored runs' machine gave."""
    return rounding(grid) == ROUNDING[grid]


def rounding(grid: str) -> str:
    """Hash of the bits of small heads after two steps in plain torch.

    The stored scores do not say which processor made them, and a processor's name does not say how
    torch, MKL and oneDNN compute on it. The heads have the shapes of the grid's, for the way in
    which a sum is split depends on them. None of our code takes part, so that no fault of ours can
    turn the strict comparison off.
    """
    digest = hashlib.sha256()
    with stored_threads(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for rows, size, validation in BATCHES:
            for hidden in HIDDEN[grid]:
                for value in trained(rows, size, validation, hidden):
                    digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def trained(rows: int, size: int, validation: int, hidden: tuple[int, ...]) -> list[torch.Tensor]:
    """Weights of a head, and its probabilities of other rows."""
    sizes = (size, *hidden)
    blocks: list[nn.Module] = []
    for before, after in itertools.pairwise(sizes):
        linear = nn.Linear(before, after)
        nn.init.xavier_normal_(linear.weight)
        blocks += [linear, nn.BatchNorm1d(after), nn.Dropout(0.1), nn.ReLU()]
    head = nn.Sequential(*blocks, nn.Linear(sizes[-1], 10))
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)
    for _ in range(STEPS):
        targets = torch.randint(10, (rows,))
        logits = head(torch.randn(rows, size))
        many = nn.functional.one_hot(targets, 10).float()
        loss = nn.functional.cross_entropy(logits, targets)
        loss = loss + nn.functional.binary_cross_entropy_with_logits(logits, many)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    with torch.no_grad():
        logits = head.eval()(torch.randn(validation, size))
    return [*head.state_dict().values(), logits.softmax(dim=1), logits.sigmoid()]
