"""Training heads on the same embeddings by hear-eval-kit and by each of our modes, interleaved.

Every run is a process of its own. One round runs everybody once on every task; there are as many
rounds as runs, so that a busy minute of the machine falls on all alike.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmark.bench.cost import Cost, median_cost, run_measured
from benchmark.bench.first_step import measured_first_step
from benchmark.bench.head_run import HeadRun
from benchmark.bench.upstream import upstream_run, upstream_start
from benchmark.protocol import Mode, Protocol
from benchmark.tasks.metadata import METADATA_FILE

UPSTREAM = "upstream"
BARE_LOOP = "bare loop"
PRODUCTS = {f"products, {name}": name for name in ("float32", "bfloat16")}  # sides


@dataclass(frozen=True)
class Plan:
    """What is compared.

    Attributes:
        folders: Embedding folders in hear-eval-kit's format.
        grid: Grid of the heads.
        grid_points: How many of its points are tried.
        runs: Times that everything is run.
        modes: Of ours; at least one.
        upstream: Command line of ``heareval.predictions.runner``; empty to leave it out. It takes a
            GPU by itself where there is one.
        device: Torch device that trains in fast mode.
    """

    folders: Sequence[Path]
    grid: str
    grid_points: int
    runs: int
    modes: Sequence[Mode]
    upstream: Sequence[str] = ()
    device: str = "cpu"


@dataclass
class Series:
    """Runs of one side on one task.

    Attributes:
        task: Folder name.
        who: A mode, `UPSTREAM`, `BARE_LOOP` or one of `PRODUCTS`.
        whole: Cost of the process, per run.
        work: Cost without start and imports, per run.
        scores: The task's first test score, per run; none of bare steps.
        updates: Weights updated in all steps of a run; known of modes.
    """

    task: str
    who: str
    whole: list[Cost] = field(default_factory=list)
    work: list[Cost] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    updates: int = 0

    @property
    def median_whole(self) -> Cost:
        """Median over runs."""
        return median_cost(self.whole)

    @property
    def median_work(self) -> Cost:
        """Median over runs."""
        return median_cost(self.work)


@dataclass
class Findings:
    """All runs so far.

    Attributes:
        series: By task and side.
        shapes: Of each task that exact mode ran: `HeadRun.shape`.
        starts: Cost of upstream's imports, per round; of use is the processor time.
        first_steps: Cost of an optimiser's first step, per round.
    """

    series: dict[tuple[str, str], Series] = field(default_factory=dict)
    shapes: dict[str, dict[str, int]] = field(default_factory=dict)
    starts: list[Cost] = field(default_factory=list)
    first_steps: list[Cost] = field(default_factory=list)

    def of(self, task: str, who: str) -> Series:
        """The series of a side on a task; new at first."""
        return self.series.setdefault((task, who), Series(task, who))


def run_plan(
    plan: Plan, report: Callable[[str], None], keep: Callable[[Findings], None]
) -> Findings:
    """Run every round.

    Args:
        plan: What is compared.
        report: Called with one line after each run.
        keep: Called with what there is after each round.

    Returns:
        All runs.

    Raises:
        FileNotFoundError: A program is missing, or a folder has no task's embeddings.
        ValueError: A run failed, or two folders have the same name.
    """
    _check_folders(plan.folders)
    found = Findings()
    for number in range(1, plan.runs + 1):
        if plan.upstream:
            found.starts.append(upstream_start(plan.upstream))
            found.first_steps.append(measured_first_step())
        for folder in plan.folders:
            for series in _round(plan, folder, found):
                work = series.work[-1]
                report(
                    f"run {number}/{plan.runs}  {series.task:<32} {series.who:<10} "
                    f"{work.cpu:8.2f} s CPU {work.wall:8.2f} s wall"
                )
        keep(found)
    return found


def _check_folders(folders: Sequence[Path]) -> None:
    names = [folder.resolve().name for folder in folders]
    for folder, name in zip(folders, names, strict=True):
        if not (folder / METADATA_FILE).is_file():
            raise FileNotFoundError(
                f"{folder} has no {METADATA_FILE}: name folders that hold a task's embeddings."
            )
        if names.count(name) > 1:
            raise ValueError(f"Two folders are called {name}: measure them one after the other.")


def _round(plan: Plan, folder: Path, found: Findings) -> Iterator[Series]:
    """Run every side once on one task; gives each side's series when its run is in it.

    torch imports half of itself in an optimiser's first step, which is in neither side's work.
    """
    task = folder.resolve().name
    for mode in plan.modes:
        protocol = Protocol(plan.grid, mode=mode, grid_points=plan.grid_points)
        request = {"folder": str(folder), "protocol": asdict(protocol), "device": plan.device}
        run, whole = _process(request)
        found.of(task, mode).updates = run.updates
        yield _add(found.of(task, mode), whole, run.work, run.score)
        if mode == "exact":
            found.shapes[task] = run.shape
            trainings = [asdict(training) for training in run.trainings]
            for who, products in ((BARE_LOOP, ""), *PRODUCTS.items()):
                steps = {"folder": str(folder), "trainings": trainings, "products": products}
                run, whole = _process(steps)
                yield _add(found.of(task, who), whole, run.work)
    if plan.upstream:
        theirs = upstream_run(plan.upstream, folder, plan.grid, plan.grid_points)
        cpu = theirs.whole.cpu - found.starts[-1].cpu
        work = Cost(cpu, theirs.own_wall) - found.first_steps[-1]
        yield _add(found.of(task, UPSTREAM), theirs.whole, work, theirs.score)


def _process(request: Mapping[str, object]) -> tuple[HeadRun, Cost]:
    command = [sys.executable, "-m", "benchmark.bench.head_process", json.dumps(request)]
    said, whole = run_measured(command)
    return HeadRun.from_json(said.splitlines()[-1]), whole


def _add(series: Series, whole: Cost, work: Cost, score: float | None = None) -> Series:
    series.whole.append(whole)
    series.work.append(work)
    if score is not None:
        series.scores.append(score)
    return series
