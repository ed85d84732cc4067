"""Pipeline, encoder and whole steps of a training, measured in turns.

One round runs every side once; there are as many rounds as runs, so that a busy minute of the
machine falls on all alike.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import torch

from pretrain.tools.speed.authors import AuthorsCost, AuthorsPipeline
from pretrain.training import Training
from pretrain.views.views import Views

PIPELINE, ENCODER, STEP = "pipeline", "encoder", "whole step"
PIPELINE_STEPS = 5  # per step of the encoder, because it takes less time


@dataclass
class Findings:
    """All rounds so far.

    Attributes:
        seconds: Of one step, per side and run: processor time, or wall time of a GPU.
        authors: Costs of the authors' pipeline, per run; empty if it was left out.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    authors: list[AuthorsCost] = field(default_factory=list)

    def step_seconds(self, side: str) -> float:
        """Median over runs."""
        return median(self.seconds[side])

    @property
    def share(self) -> float:
        """The pipeline's time over the encoder's, median of the runs."""
        pairs = zip(self.seconds[PIPELINE], self.seconds[ENCODER], strict=True)
        return median(pipeline / encoder for pipeline, encoder in pairs)


def clock(device: torch.device) -> float:
    """Seconds: of all threads of this process, or of a GPU that has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    return time.process_time()


def measure(
    training: Training,
    steps: int,
    runs: int,
    authors: AuthorsPipeline | None,
    say: Callable[[str], object],
) -> Findings:
    """Run all sides, after the first steps of each, which do not count.

    Args:
        training: Ready for its first step; do not use its weights afterwards.
        steps: Steps of the encoder per run.
        runs: Rounds.
        authors: The authors' pipeline, or None.
        say: Gets a line per round.
    """
    fixed = Views(*(tensor.clone() for tensor in training.make_views(0).tensors()))
    numbers = itertools.count()  # of the steps: each draws another batch

    sides: Sequence[tuple[str, Callable[[], object], int]] = (
        (PIPELINE, lambda: training.make_views(next(numbers)), PIPELINE_STEPS * steps),
        (ENCODER, lambda: training.optimiser_step(0, fixed), steps),
        (STEP, lambda: training.do_step(next(numbers)), steps),
    )
    training.fabric_module.train()
    for _, once, _ in sides:
        for _ in range(training.first_calls):
            once()
    found = Findings({side: [] for side, _, _ in sides})
    for run in range(runs):
        for side, once, times in sides:
            found.seconds[side].append(seconds_of(once, times, training.fabric.device))
        if authors is not None:
            found.authors.append(authors.cost())
        say(f"run {run + 1} of {runs}: {found.share:.1%} on top of the encoder")
    return found


def seconds_of(once: Callable[[], object], times: int, device: torch.device) -> float:
    """Mean seconds of one call."""
    before = clock(device)
    for _ in range(times):
        once()
    return (clock(device) - before) / times
