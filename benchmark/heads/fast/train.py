"""Fast mode: train all grid points of equal shape at once, as a stack.

Same grid, loss, optimiser, order of rows and early stopping as exact mode. Three things differ:
matrix products are bfloat16 where the processor has them, every grid point draws its first weights
from a seed of its own, and dropout masks are shared between the points. Scores stay within the
seed-to-seed spread of exact mode (docs/parity.md, "Over seeds").
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Sequence

import torch

from benchmark.heads.fast.replay import own_stream, recorder_for
from benchmark.heads.fast.rows import stack_rows
from benchmark.heads.fast.stack import HeadStack, head_states
from benchmark.heads.fast.training import Followed, StackTraining
from benchmark.heads.fold_data import FoldData
from benchmark.heads.grid import GridPoint
from benchmark.heads.head import Head
from benchmark.heads.saved_heads import SavedHeads, head_name
from benchmark.heads.torch_state import threads_for
from benchmark.heads.trained_head import EarlyStopping, TrainedHead
from msssl_common.memory import freed_memory_retained


def train_fast(
    data: FoldData,
    points: Sequence[GridPoint],
    seed: int,
    saved: SavedHeads,
    trained: Callable[[int], None],
    device: str = "cpu",
) -> list[TrainedHead]:
    """Train a fold's heads, those of equal shape together.

    Args:
        data: The fold.
        points: Hyperparameters of each head.
        seed: For first weights and dropout, with the fold's name and the grid point.
        saved: Heads of an earlier run that was stopped; new ones are added, a stack at a time.
        trained: Called after every stack with its number of heads.
        device: Torch device that trains; rows lie there for the whole training.

    Returns:
        In the order of ``points``.
    """
    heads: dict[int, TrainedHead] = {}
    for indices in stacks(points):
        known = train_saved_stack(data, points, indices, seed, saved, device)
        heads.update(zip(indices, known, strict=True))
        trained(len(indices))
    return [heads[index] for index in range(len(points))]


def stacks(points: Sequence[GridPoint]) -> list[list[int]]:
    """Indices of the points that are trained together: those whose heads have equal shape."""
    order = sorted(range(len(points)), key=lambda index: _shape(points[index]))
    groups = itertools.groupby(order, key=lambda index: _shape(points[index]))
    return [list(group) for _, group in groups]


def train_saved_stack(
    data: FoldData,
    points: Sequence[GridPoint],
    indices: Sequence[int],
    seed: int,
    saved: SavedHeads,
    device: str = "cpu",
) -> list[TrainedHead]:
    """Train one stack of a fold, or load all of its heads; no stack depends on another.

    Args:
        data: The fold.
        points: Hyperparameters of all heads of the fold.
        indices: Which of them make the stack.
        seed: See `train_fast`, as of the arguments that follow.
        saved: Heads of an earlier run.
        device: Torch device that trains.

    Returns:
        In the order of ``indices``.
    """
    names = [head_name(data.fold, index) for index in indices]
    chosen = [points[index] for index in indices]
    found = [saved.load(name, point) for name, point in zip(names, chosen, strict=True)]
    known = [head for head in found if head is not None]
    if len(known) < len(indices):
        with threads_for(chosen[0].batch_size * len(indices)), freed_memory_retained():
            known = train_stack(data, chosen, seed, torch.device(device))
        for name, head in zip(names, known, strict=True):
            saved.save(name, head)
    return known


def _shape(point: GridPoint) -> tuple[int, int, float, int]:
    """What heads of one stack have in common."""
    return (point.hidden_layers, point.hidden_dim, point.dropout, point.batch_size)


def train_stack(
    data: FoldData, points: Sequence[GridPoint], seed: int, device: torch.device
) -> list[TrainedHead]:
    """Train heads of equal shape; each stops when its own patience or epochs have run out."""
    began = time.perf_counter()
    heads = [_new_head(data, point, seed) for point in points]
    followed = [
        Followed(row, point, EarlyStopping(data.selection.mode, point.patience))
        for row, point in enumerate(points)
    ]
    with own_stream(device):
        rows = stack_rows(data, points[0], device)
        dropout_seed = derived_seed(seed, data.fold.test, "dropout")
        stack = HeadStack(
            heads,
            [point.lr for point in points],
            points[0].dropout,
            rows.dtype,
            torch.Generator(device).manual_seed(dropout_seed),
            rows.centre.to(device),
        )
        training = StackTraining(stack, rows, followed, data, recorder_for(stack))
        training.run()
        states = head_states(training.best, heads)
    for head, state in zip(heads, states, strict=True):
        head.load_state_dict(state)
    seconds = (time.perf_counter() - began) / len(points)
    return [_trained(head, one, seconds) for head, one in zip(heads, followed, strict=True)]


def _trained(head: Head, followed: Followed, seconds: float) -> TrainedHead:
    """What came of a head."""
    found = followed.stopping
    return TrainedHead(
        head.eval(),
        followed.point,
        found.score,
        found.epoch,
        found.postprocessing,
        seconds,
        found.curve,
    )


def _new_head(data: FoldData, point: GridPoint, seed: int) -> Head:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(seed, data.fold.test, repr(point)))
        return Head(data.size, data.classes, point)


def derived_seed(seed: int, *names: str) -> int:
    """A seed for one of several independent streams of draws."""
    digest = hashlib.sha256(
        "\n".join([str(seed), *names]).encode("utf-8", "surrogatepass")
    ).digest()
    return int.from_bytes(digest[:7], "big")
