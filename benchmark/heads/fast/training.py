"""The training of a stack: epochs, validations, and heads that stop one by one.

On a CPU every validation is judged before training goes on. A GPU would wait meanwhile; there the
stack trains on at once, and its last validation is judged on the CPU while the GPU is at the epochs
up to the next one. No score depends on that: the weights of a validation are kept until it is
judged, and a head that should have stopped there loses what it trained since.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from benchmark.heads.fast.replay import Recorder, Replayed, wait_for
from benchmark.heads.fast.rows import StackRows
from benchmark.heads.fast.stack import HeadStack
from benchmark.heads.fast.validation import LateValidation
from benchmark.heads.fold_data import FoldData
from benchmark.heads.grid import GridPoint
from benchmark.heads.rows import Batch
from benchmark.heads.trained_head import EarlyStopping

RECORDED_STEPS = 64  # of a graph; a longer epoch has several


@dataclass(frozen=True)
class Followed:
    """One head of a stack in training.

    Attributes:
        row: Its place among the stack's first heads.
        point: Its hyperparameters.
        stopping: Its validations so far.
    """

    row: int
    point: GridPoint
    stopping: EarlyStopping

    def is_due(self, epochs: int) -> bool:
        """Whether it is validated after so many epochs."""
        return self.continues(epochs - 1) and epochs % self.point.check_val_every_n_epoch == 0

    def continues(self, epochs: int) -> bool:
        """Whether it is trained after so many epochs."""
        return not self.stopping.stopped and epochs < self.point.max_epochs


class _Unjudged(NamedTuple):
    """A validation that is still to be judged."""

    epoch: int
    heads: list[tuple[int, Followed]]  # with their places in the stack
    logits: Callable[[], Tensor]  # on the CPU
    tensors: Mapping[str, Tensor]  # the stack's, as they were


class StackTraining:
    """Trains all heads of a stack to their ends; those that have ended leave it.

    Args:
        stack: The heads, at their first weights.
        rows: What they train and are validated on.
        followed: One per head, in their order.
        data: The fold.
        record: Records epochs and validations, for a device that need not wait for the CPU; None
            for a CPU.

    Attributes:
        best: `HeadStack.tensors` of each head's best epoch, for all heads that ever were.
    """

    def __init__(
        self,
        stack: HeadStack,
        rows: StackRows,
        followed: Sequence[Followed],
        data: FoldData,
        record: Recorder | None = None,
    ) -> None:
        self.stack = stack
        self.best = {name: tensor.clone() for name, tensor in stack.tensors.items()}
        self._rows, self._data = rows, data
        self._inside = list(followed)
        self._late = record is not None
        self._record = record if rows.kept else None
        self._unjudged: _Unjudged | None = None
        self._parts: list[Replayed] = []
        self._take: Replayed | None = None
        self._validation: LateValidation | None = None
        self._ready()

    @property
    def epoch_updates(self) -> int:
        """Number of weights that an epoch updates, summed over its steps."""
        return self.stack.adam.size * len(self._rows.batches)

    def run(self) -> None:
        """Train until no head goes on."""
        for epochs in itertools.count(1):
            self.epoch()
            if any(one.is_due(epochs) for one in self._inside):
                self._judge()  # of the last validation, while the device trains
                self._validate(epochs)
                if not self._late:
                    self._judge()
            if not self._go_on(epochs):
                break
        self._judge()
        wait_for(self.stack.centre.device)  # what was recorded and is at work must not go
        self._parts, self._take, self._validation = [], None, None  # frees a GPU's memory at once

    def epoch(self) -> None:
        """Train one epoch."""
        for part in self._parts:
            part()

    def _ready(self) -> None:
        """Make ready for the heads that are inside: what was recorded is of others."""
        batches, size = self._rows.batches, RECORDED_STEPS
        pieces: list[Sequence[Batch]] = [batches]
        if self._record is not None:
            pieces = [batches[start : start + size] for start in range(0, len(batches), size)]
        self._parts = [
            Replayed(partial(self._steps, piece), self._record, self.stack.changing)
            for piece in pieces
        ]
        if self._late:
            late = LateValidation(self.stack, self._rows.validation)
            self._validation = late
            self._take = Replayed(late.take, self._record, late.taken)

    def _steps(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            self.stack.step(batch.embeddings, batch.targets, self._data.prediction_type)

    def _validate(self, epochs: int) -> None:
        heads = [(place, one) for place, one in enumerate(self._inside) if one.is_due(epochs)]
        if not heads:
            return
        if self._validation is not None and self._take is not None:
            self._take()
            self._validation.fetch()
            logits, tensors = self._validation.logits, self._validation.tensors
        else:
            found = self.stack.logits(self._rows.validation).cpu()
            logits, tensors = (lambda: found), self.stack.tensors
        self._unjudged = _Unjudged(epochs - 1, heads, logits, tensors)

    def _judge(self) -> None:
        """Score what is not judged yet, and keep the weights of heads that were never better."""
        if self._unjudged is None:
            return
        (epoch, heads, wait, tensors), self._unjudged = self._unjudged, None
        logits = wait()
        kept, now = [], []
        for place, one in heads:
            found = self._data.selection.monitor([logits[place].T.contiguous()])
            if one.stopping.update(epoch, found):
                kept += [best[one.row] for best in self.best.values()]
                now += [tensors[name][place] for name in self.best]
        if kept:
            torch._foreach_copy_(kept, now)

    def _go_on(self, epochs: int) -> bool:
        """Drop heads that have ended; whether any are left.

        Where epochs are recorded, that is worth a new recording only when half of them are gone.
        """
        places = self._going(epochs)
        needless = len(self._inside) if not self._late else len(self._inside) // 2 + 1
        if not places or len(places) >= needless:
            return bool(places)
        self._judge()
        places = self._going(epochs)
        if places:
            wait_for(self.stack.centre.device)
            self.stack.keep(places)
            self._inside = [self._inside[place] for place in places]
            self._ready()
        return bool(places)

    def _going(self, epochs: int) -> list[int]:
        return [place for place, one in enumerate(self._inside) if one.continues(epochs)]
