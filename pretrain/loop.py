"""The training loop: steps, log, training states on disk, and what to do when it is interrupted."""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor

from msssl_common.console import make_console
from pretrain.distributed.processes import check_equal, lost_process
from pretrain.interrupt import ctrl_c_waits
from pretrain.run_folder import (
    WEIGHTS,
    append_metrics,
    drop_metrics_after,
    open_run,
    save_state,
)

LINES_PER_RUN = 50  # beside those at 1, 2, 5, 10, 20, 50, ...
RECENT_LINES = 3  # of the log, over which a line's speed is a mean


@dataclass
class Progress:
    """How far a run is; part of its training state.

    Attributes:
        step: Optimiser steps done.
        seconds: Spent on them, over all sessions of a resumed run.
        sums: Of the metrics since the last line of the log, float64.
        summed: Steps in these sums.
        last_row: The last row of ``metrics.csv``.
    """

    step: int = 0
    seconds: float = 0.0
    sums: Tensor = field(default_factory=lambda: torch.zeros((), dtype=torch.float64))
    summed: int = 0
    last_row: dict[str, float] = field(default_factory=dict)

    def add(self, metrics: Sequence[Tensor]) -> None:
        """Sum a step's metrics, on the device that they are on: nothing waits for it."""
        values = torch.stack([*metrics]).double()
        self.sums = self.sums.to(values.device).add_(values)
        self.summed += 1


class Trainable(Protocol):
    """What the loop trains."""

    @property
    def fabric(self) -> Fabric:
        """The device, and the other processes."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Of the numbers that a step returns."""

    @property
    def crops_per_step(self) -> int:
        """Crops that a step takes in, over all processes."""

    def do_step(self, step: int) -> Sequence[Tensor]:
        """Draw the batch of a step (0, 1, ...), and move the weights; metrics, on any device."""

    def settle(self) -> None:
        """Wait for all steps so far, and raise what one of them would have raised."""

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, but for `Progress`: tensors, numbers and strings."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a saved state."""

    def describe(self, means: Mapping[str, float]) -> list[str]:
        """Mean metrics, as the parts of a line for people."""

    def export(self, path: Path, progress: Progress) -> None:
        """Write the weights, with their card beside them."""


class Loop:
    """A run: what is trained, how far it is, and where it is written.

    In several processes, each has its loop, and the first one writes.
    """

    def __init__(
        self,
        training: Trainable,
        folder: Path,
        steps: int,
        checkpoint_minutes: float,
        quiet: bool = False,
    ) -> None:
        """Start at step 0.

        Args:
            training: What is trained.
            folder: The run's folder.
            steps: Optimiser steps of the whole run.
            checkpoint_minutes: Between two training states on disk.
            quiet: Whether to leave out the lines about progress.
        """
        self.training, self.folder = training, folder
        self.steps, self.checkpoint_minutes = steps, checkpoint_minutes
        self.first = training.fabric.is_global_zero
        quiet = quiet or not self.first
        self.console = make_console(stderr=True, soft_wrap=True, quiet=quiet)
        zeros = torch.zeros(len(training.metric_names), dtype=torch.float64)
        self.progress = Progress(sums=zeros)
        self.marks: deque[tuple[int, float]] = deque(maxlen=RECENT_LINES)

    def open(self, config: dict[str, Any], resume: bool) -> dict[str, Any] | None:
        """Start the run folder, or find the state to resume from: the first process reads it.

        Args:
            config: Settings of the run, as YAML holds them.
            resume: Whether to resume from the folder's training state.

        Returns:
            The state, for `restore`; None for a run that starts.

        Raises:
            ValueError: The folder holds another run, or the processes differ.
            OSError: The folder cannot be written to.
        """
        fabric = self.training.fabric
        check_equal(fabric, config)
        found: dict[str, Any] | ValueError | OSError | None = None
        if self.first:
            try:
                found = open_run(self.folder, config, resume)
            except (ValueError, OSError) as error:
                found = error
        found = fabric.broadcast(found)
        if isinstance(found, ValueError | OSError):
            raise found
        return found

    def run(self) -> None:
        """Do the steps that are left; save the state now and then and at the end.

        Raises:
            FloatingPointError: The loss became NaN or infinite.
            ConnectionError: Another process died.
            KeyboardInterrupt: Ctrl-C, after the step; the state was saved.
        """
        with ctrl_c_waits(self.console.quiet) as ctrl_c:
            self._do_steps(ctrl_c)

    def _do_steps(self, ctrl_c: threading.Event) -> None:
        # When one process dies, torchrun sends SIGTERM to the others: they save before they end.
        asked_to_end = threading.Event()
        if self.training.fabric.world_size > 1:
            signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
        progress = self.progress
        started = saved = time.monotonic()
        before = progress.seconds
        self.marks.append((progress.step, before))
        while progress.step < self.steps:
            metrics = self._do_step()
            progress.step += 1
            logged = is_logged(progress.step, self.steps)
            if logged:
                self.training.settle()
            progress.seconds = before + time.monotonic() - started
            progress.add(metrics)
            if logged:
                self.log()
            if asked_to_end.is_set():
                raise self.interrupted("was told to end")
            if ctrl_c.is_set() and progress.step < self.steps:
                self.save()
                self.console.print(
                    f"saved after step {progress.step} of {self.steps}; --resume goes on from there"
                )
                raise KeyboardInterrupt
            if time.monotonic() - saved > 60 * self.checkpoint_minutes:
                self.save()
                saved = time.monotonic()
        self.save()

    def _do_step(self) -> Sequence[Tensor]:
        try:
            return self.training.do_step(self.progress.step)
        except RuntimeError as error:
            if not (reason := lost_process(error)):
                raise
            raise self.interrupted(f"lost another one ({reason})") from None

    def interrupted(self, reason: str) -> ConnectionError:
        """Save what is there, and say what happened.

        All collectives of a step come before the optimiser's: the weights are those after the last
        whole step.
        """
        self.save()
        fabric = self.training.fabric
        return ConnectionError(
            f"process {fabric.global_rank} of {fabric.world_size} {reason} after step "
            f"{self.progress.step}; start again with --resume"
        )

    def log(self) -> None:
        """Print and keep the means since the last line."""
        training, now = self.training, self.progress
        means = dict(zip(training.metric_names, (now.sums / now.summed).tolist(), strict=True))
        mean_speed = now.step * training.crops_per_step / now.seconds
        now.last_row = {"step": now.step, "seconds": now.seconds, "crops_per_second": mean_speed}
        now.last_row |= means
        if self.first:
            append_metrics(self.folder, now.last_row)
        now.sums.zero_()
        now.summed = 0
        speed = self._recent_speed()
        left = (self.steps - now.step) * training.crops_per_step / speed / 60
        self.console.print(
            "  ".join(
                [
                    f"step {now.step}/{self.steps}",
                    *training.describe(means),
                    f"{speed:.0f} crops/s, {left:.1f} min left",
                ]
            )
        )

    def _recent_speed(self) -> float:
        """Crops a second over the last lines of this process.

        A resumed run may have been slower or faster before, on another machine or beside other
        work: that says nothing about what is left.
        """
        step, seconds = self.marks[0]
        now = self.progress
        self.marks.append((now.step, now.seconds))
        taken = max(now.seconds - seconds, 1e-9)  # some clocks stand still for milliseconds
        return (now.step - step) * self.training.crops_per_step / taken

    def save(self) -> None:
        """Write the training state; the first process does.

        Raises:
            FloatingPointError: The state is none to go on from.
        """
        self.training.settle()
        if self.first:
            save_state(self.folder, self.state())

    def state(self) -> dict[str, Any]:
        """All that the next step depends on; random numbers depend on seed and step alone."""
        return {**self.training.state(), **vars(self.progress)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back to a saved state."""
        self.training.restore(state)
        self.progress = Progress(**{item.name: state[item.name] for item in fields(Progress)})
        if self.first:
            drop_metrics_after(self.folder, self.progress.step)
        self.console.print(f"resuming after step {self.progress.step} of {self.steps}")

    def export(self) -> Path:
        """Write the weights and their card, in the first process; returns the weights' file."""
        path = self.folder / WEIGHTS
        if self.first:
            self.training.export(path, self.progress)
            self.console.print(f"wrote {path}")
        return path


def is_logged(step: int, steps: int) -> bool:
    """Whether a step gets a line: 1, 2, 5, 10, 20, 50, ...; each 50th part of the run; the last."""
    leading = step
    while leading % 10 == 0:
        leading //= 10
    return leading in (1, 2, 5) or step % max(steps // LINES_PER_RUN, 1) == 0 or step == steps
