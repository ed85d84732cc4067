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
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.heads.fast.rows import StackRows, stack_rows
from benchmark.heads.fast.stack import HeadStack
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
    rows = stack_rows(data, points[0], device)
    dropout_seed = derived_seed(seed, data.fold.test, "dropout")
    stack = HeadStack(
        [head.to(device) for head in heads],
        [point.lr for point in points],
        points[0].dropout,
        rows.dtype,
        torch.Generator(device).manual_seed(dropout_seed),
        rows.centre.to(device),
    )
    followed = [
        Followed(point, EarlyStopping(data.selection.mode, point.patience), head.state_dict())
        for head, point in zip(heads, points, strict=True)
    ]
    train_epochs(stack, rows, followed, data)
    for head, one in zip(heads, followed, strict=True):
        head.cpu().load_state_dict(one.kept)
    seconds = (time.perf_counter() - began) / len(points)
    return [one.trained(head, seconds) for head, one in zip(heads, followed, strict=True)]


@dataclass
class Followed:
    """One head of a stack in training.

    Attributes:
        point: Its hyperparameters.
        stopping: Its validations so far.
        kept: Weights of its best epoch.
    """

    point: GridPoint
    stopping: EarlyStopping
    kept: dict[str, Tensor]

    def is_due(self, epochs: int) -> bool:
        """Whether it is validated after so many epochs."""
        return epochs % self.point.check_val_every_n_epoch == 0

    def continues(self, epochs: int) -> bool:
        """Whether it is trained after so many epochs."""
        return not self.stopping.stopped and epochs < self.point.max_epochs

    def trained(self, head: Head, seconds: float) -> TrainedHead:
        """What came of it."""
        found = self.stopping
        return TrainedHead(
            head.eval(),
            self.point,
            found.score,
            found.epoch,
            found.postprocessing,
            seconds,
            found.curve,
        )


def train_epochs(
    stack: HeadStack, rows: StackRows, followed: Sequence[Followed], data: FoldData
) -> None:
    """Train all heads of a stack to their ends; those that have ended leave it."""
    going = list(followed)
    for epoch in itertools.count():
        for batch in rows.batches:
            stack.step(batch.embeddings, batch.targets, data.prediction_type)
        if any(one.is_due(epoch + 1) for one in going):
            logits = stack.logits(rows.validation).cpu()
            for place, one in enumerate(going):
                if one.is_due(epoch + 1):
                    found = data.selection.monitor([logits[place].T.contiguous()])
                    if one.stopping.update(epoch, found):
                        one.kept = stack.state(place)
        places = [place for place, one in enumerate(going) if one.continues(epoch + 1)]
        if not places:
            return
        if len(places) < len(going):
            stack.keep(places)
            going = [going[place] for place in places]


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
