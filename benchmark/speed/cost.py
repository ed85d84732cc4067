"""What work costs: processor time and wall time, of this process or of a child."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Cost:
    """Time that something took.

    Attributes:
        cpu: Seconds of all processors together, user and system.
        wall: Seconds by the clock.
    """

    cpu: float
    wall: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)


def now(of: int = resource.RUSAGE_SELF) -> Cost:
    """Readings of the clocks of this process, or of ``RUSAGE_CHILDREN``; differences count."""
    usage = resource.getrusage(of)
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter())


def median_cost(costs: Iterable[Cost]) -> Cost:
    """Median of each clock."""
    listed = list(costs)
    return Cost(median(cost.cpu for cost in listed), median(cost.wall for cost in listed))


def run_measured(command: Sequence[str], cwd: Path | None = None) -> tuple[str, Cost]:
    """Run a program to its end, with OpenMP's threads asleep while they wait.

    Args:
        command: Program and arguments.
        cwd: Its working folder.

    Returns:
        Its standard output, and what the whole process took.

    Raises:
        FileNotFoundError: There is no such program.
        ValueError: It failed; the sentence ends with the last line that it printed.
    """
    before = now(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        list(command),
        cwd=cwd,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        capture_output=True,
        text=True,
    )
    cost = now(resource.RUSAGE_CHILDREN) - before
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise ValueError(
            f"{' '.join(command[:4])} ... failed with status {done.returncode}. It said: {said}"
        )
    return done.stdout, cost
