"""Fast mode: all grid points of equal shape are trained together, in lockstep.

Same grid, loss, optimiser, order of rows and early stopping as exact mode. What differs:
matrix products are bfloat16 where the processor has them, every grid point draws its first weights
from a seed of its own, and dropout masks are shared between the points. Scores stay within the
seed-to-seed spread of exact mode (README, "Fast and exact").
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from itertools import groupby

import torch
from torch import Tensor

from benchmark.heads.early_stopping import EarlyStopping
from benchmark.heads.fold_data import FoldData
from benchmark.heads.grid import GridPoint
from benchmark.heads.model import Head
from benchmark.heads.rows import Rows
from benchmark.heads.saved_heads import SavedHeads
from benchmark.heads.stack import HeadStack
from benchmark.heads.threads import threads_for
from benchmark.heads.train import training_batches
from benchmark.heads.trained_head import TrainedHead


def train_together(
    data: FoldData,
    points: Sequence[GridPoint],
    seed: int,
    saved: SavedHeads,
    trained: Callable[[int], None],
) -> list[TrainedHead]:
    """Train a fold's heads, those of equal shape together.

    Args:
        data: The fold.
        points: Hyperparameters of each head.
        seed: For first weights and dropout, with the fold's name and the grid point.
        saved: Heads of an earlier run that was stopped; new ones are added, a stack at a time.
        trained: Called after every stack with its number of heads.

    Returns:
        In the order of ``points``.
    """
    heads: dict[int, TrainedHead] = {}
    order = sorted(range(len(points)), key=lambda index: _shape(points[index]))
    for _, group in groupby(order, key=lambda index: _shape(points[index])):
        indices = list(group)
        names = [f"{data.fold.test}-{index}" for index in indices]
        chosen = [points[index] for index in indices]
        found = [saved.load(name, point) for name, point in zip(names, chosen, strict=True)]
        known = [head for head in found if head is not None]
        if len(known) < len(indices):
            with threads_for(chosen[0].batch_size * len(indices)):
                known = train_stack(data, chosen, seed)
            for name, head in zip(names, known, strict=True):
                saved.save(name, head)
        heads.update(zip(indices, known, strict=True))
        trained(len(indices))
    return [heads[index] for index in range(len(points))]


def _shape(point: GridPoint) -> tuple[int, int, float, int]:
    """What heads of one stack have in common."""
    return (point.hidden_layers, point.hidden_dim, point.dropout, point.batch_size)


def train_stack(data: FoldData, points: Sequence[GridPoint], seed: int) -> list[TrainedHead]:
    """Train heads of equal shape; each stops when its own patience or epochs have run out."""
    began = time.perf_counter()
    heads = [_new_head(data, point, seed) for point in points]
    dtype = product_dtype() if points[0].hidden_layers else torch.float32
    centre = training_mean(data) if points[0].hidden_layers else torch.zeros(data.size)
    batches = [
        Rows(as_columns(batch.embeddings - centre, dtype), batch.targets)
        for batch in training_batches(data.rows, points[0])
    ]
    validation = [
        as_columns(rows - centre, dtype)
        for rows in torch.split(data.validation, points[0].batch_size)
    ]
    stack = HeadStack(
        heads,
        [point.lr for point in points],
        points[0].dropout,
        dtype,
        torch.Generator().manual_seed(derived_seed(seed, data.fold.test, "dropout")),
    )
    stoppings = [EarlyStopping(data.mode, point.patience) for point in points]
    kept: list[dict[str, Tensor]] = [{} for _ in points]
    training = list(range(len(points)))
    for epoch in range(max(point.max_epochs for point in points)):
        for batch in batches:
            stack.step(batch.embeddings, batch.targets, data.prediction_type)
        due = [i for i in training if (epoch + 1) % points[i].check_val_every_n_epoch == 0]
        if due:
            logits = torch.cat([stack.logits(columns) for columns in validation], dim=2)
            for index in due:
                place = training.index(index)
                found = data.monitor([logits[place].T.contiguous()])
                if stoppings[index].update(epoch, found):
                    kept[index] = stack.state(place)
        going = [
            i for i in training if not stoppings[i].stopped and epoch + 1 < points[i].max_epochs
        ]
        if len(going) < len(training):
            stack.keep([training.index(index) for index in going])
            training = going
        if not training:
            break
    for head, state in zip(heads, kept, strict=True):
        head.load_state_dict(state)
        restore_centre(head, centre)
    share = (time.perf_counter() - began) / len(points)
    return [
        TrainedHead(head.eval(), point, found.score, found.epoch, found.postprocessing, share)
        for head, point, found in zip(heads, points, stoppings, strict=True)
    ]


def _new_head(data: FoldData, point: GridPoint, seed: int) -> Head:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(seed, data.fold.test, repr(point)))
        return Head(data.size, data.classes, point)


def derived_seed(seed: int, *names: str) -> int:
    """A seed for one of several independent streams of draws."""
    digest = hashlib.sha256("\n".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:7], "big")


def product_dtype() -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, else float32."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return torch.bfloat16 if supported is not None and supported() else torch.float32


def training_mean(data: FoldData) -> Tensor:
    """Mean embedding of the training rows, shape (size,).

    It is taken off before embeddings are rounded to bfloat16, which would otherwise drown small
    differences in large offsets (log-mel statistics). BatchNorm is blind to it.
    """
    return data.rows.embeddings.double().mean(dim=0).float()


def restore_centre(head: Head, centre: Tensor) -> None:
    """Let a head that was trained on centred embeddings take plain ones.

    The first BatchNorm's running mean is that of ``W (x - centre)``; that of ``W x`` is larger by
    ``W centre``.
    """
    for layer in head.hidden_layers[:1]:
        assert layer.norm.running_mean is not None
        layer.norm.running_mean += layer.linear.weight.detach() @ centre


def as_columns(rows: Tensor, dtype: torch.dtype) -> Tensor:
    """Rows as the columns of a contiguous matrix, shape (size, rows)."""
    return rows.T.to(dtype, memory_format=torch.contiguous_format).contiguous()
