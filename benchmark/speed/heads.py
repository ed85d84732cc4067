"""``msbench bench heads``: time the heads of hear-eval-kit and of each of our modes, interleaved.

Every run is a process of its own. One round runs every side once on every task; there are as many
rounds as runs, so that a busy minute of the machine slows all sides alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from benchmark.heads.fast.rows import product_dtype
from benchmark.protocol import Mode, Protocol
from benchmark.runner.provenance import machine, place_and_versions
from benchmark.speed.cost import Cost, median_cost, run_measured
from benchmark.speed.head_process import HeadRun, measured_first_step
from benchmark.speed.upstream import upstream_run, upstream_start
from benchmark.tasks.metadata import METADATA_FILE
from msssl_common.own_python import own_python
from msssl_common.report import Report

UPSTREAM = "upstream"
BARE_LOOP = "bare loop"
PRODUCTS = {f"products, {name}": name for name in ("float32", "bfloat16")}  # sides
NO_BFLOAT16 = (
    "This processor does not multiply bfloat16 natively: fast mode computes in float32, and the "
    "products in bfloat16 were not timed."
)


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
            for who, products in ((BARE_LOOP, ""), *timed_products().items()):
                steps = {"folder": str(folder), "trainings": trainings, "products": products}
                run, whole = _process(steps)
                yield _add(found.of(task, who), whole, run.work)
    if plan.upstream:
        theirs = upstream_run(plan.upstream, folder, plan.grid, plan.grid_points)
        cpu = theirs.whole.cpu - found.starts[-1].cpu
        work = Cost(cpu, theirs.own_wall) - found.first_steps[-1]
        yield _add(found.of(task, UPSTREAM), theirs.whole, work, theirs.score)


def timed_products() -> dict[str, str]:
    """Those of `PRODUCTS` that the processor has; the others would be ten times slower."""
    native = ("float32", str(product_dtype(torch.device("cpu"))).removeprefix("torch."))
    return {who: name for who, name in PRODUCTS.items() if name in native}


def _process(request: Mapping[str, object]) -> tuple[HeadRun, Cost]:
    command = own_python("benchmark.speed.head_process", json.dumps(request))
    said, whole = run_measured(command)
    return HeadRun.from_json(said.splitlines()[-1]), whole


def _add(series: Series, whole: Cost, work: Cost, score: float | None = None) -> Series:
    series.whole.append(whole)
    series.work.append(work)
    if score is not None:
        series.scores.append(score)
    return series


COLUMNS = (
    "task",
    "side",
    "process, CPU s",
    "process, wall s",
    "work, CPU s",
    "work, wall s",
    "÷ bare loop, CPU",
    "÷ bare loop, wall",
    "weights updated, 10⁹",
    "test score",
)


def heads_report(plan: Plan, found: Findings) -> Report:
    """The table of all runs so far."""
    runs = max(len(series.work) for series in found.series.values())
    return Report(
        title=f"Heads: grid {plan.grid}, {plan.grid_points} points, medians of {runs} runs",
        columns=COLUMNS,
        left=(0, 1),
        rows=table_rows(found),
        notes=notes(plan, found),
        measured=as_json(plan, found),
        where=place_and_versions(),
    )


def table_rows(found: Findings) -> list[tuple[str, ...]]:
    """Cells of `COLUMNS`, one row per task and side."""
    rows = []
    last = ""
    for series in found.series.values():
        task = "" if series.task == last else series.task
        rows.append((task, *_row(series, found)))
        last = series.task
    return rows


def _row(series: Series, found: Findings) -> tuple[str, ...]:
    upstream = found.series.get((series.task, UPSTREAM))
    bare = found.series.get((series.task, BARE_LOOP))
    times = [*_clocks(series.median_whole), *_clocks(series.median_work)]
    cells = [f"{seconds:.2f}" for seconds in times]
    over_bare = ["", ""]
    if upstream and series.who != UPSTREAM:
        theirs = [*_clocks(upstream.median_whole), *_clocks(upstream.median_work)]
        cells = [f"{b:.2f} ({a / b:.1f} ×)" for a, b in zip(theirs, times, strict=True)]
    if bare and series.scores and series.who != UPSTREAM:
        ratios = zip(times[2:], _clocks(bare.median_work), strict=True)
        over_bare = [f"{a / b:.2f}" for a, b in ratios]
    updates = f"{series.updates / 1e9:.2f}" if series.updates else ""
    return (series.who, *cells, *over_bare, updates, _scores(series))


def _clocks(cost: Cost) -> tuple[float, float]:
    return cost.cpu, cost.wall


def _scores(series: Series) -> str:
    if not series.scores:
        return ""
    low, high = min(series.scores), max(series.scores)
    return f"{low:.4f}" if low == high else f"{low:.4f} to {high:.4f}"


def notes(plan: Plan, found: Findings) -> list[str]:
    """What a reader must know of the numbers."""
    lines = [
        "Sides run one after the other in every round, each in a process of its own with "
        "OMP_WAIT_POLICY=PASSIVE. CPU is user and system time of all threads.",
        "Work is the process without its start: ours reads its own clocks from after the imports "
        "to the test scores; reading the embeddings is in it.",
        f"{BARE_LOOP}: the same trainings' forward, loss, backward and Adam in plain torch, as "
        "many steps as exact mode took; no validation, no scores, no early stopping.",
        f"{' and '.join(timed_products())}: the matrix products of those steps alone. "
        "No implementation of upstream's trainings can be faster than its products.",
        "Weights updated: summed over all steps, which says how much was trained. Modes differ in "
        "it, since fast mode's draws end its trainings elsewhere; upstream's are exact mode's.",
        "In brackets: how many times faster than upstream.",
        "Test score: the task's first, mean over folds; two numbers where runs differ.",
    ]
    if len(timed_products()) < len(PRODUCTS):
        lines.append(NO_BFLOAT16)
    if found.starts:
        low, high = (pick(start.cpu for start in found.starts) for pick in (min, max))
        lines.append(
            "Upstream's work: wall time is its own clock's (prediction-done.json), CPU time its "
            "process less one that ends after the imports (--help), which took "
            f"{low:.1f} to {high:.1f} s. Off both goes what an optimiser's first step, in which "
            "torch imports half of itself, took in a process of ours; ours leaves it out as well."
        )
    if plan.device != "cpu":
        lines.append(f"Fast mode trained on {machine(plan.device)}.")
    for task, shape in found.shapes.items():
        lines.append(
            f"{task}: {shape['rows']} training rows of size {shape['size']}, "
            f"{shape['trainings']} trainings, {shape['steps']} steps; "
            f"torch used {shape['threads']} thread{'s' if shape['threads'] > 1 else ''}."
        )
    return lines


def as_json(plan: Plan, found: Findings) -> dict[str, object]:
    """Every run, for later reading."""

    def seconds(costs: list[Cost]) -> dict[str, list[float]]:
        return {"cpu": [cost.cpu for cost in costs], "wall": [cost.wall for cost in costs]}

    return {
        "grid": plan.grid,
        "grid_points": plan.grid_points,
        "runs": plan.runs,
        "device": plan.device,
        "upstream_start": seconds(found.starts),
        "tasks": found.shapes,
        "series": [
            {
                "task": series.task,
                "who": series.who,
                "process": seconds(series.whole),
                "work": seconds(series.work),
                "scores": series.scores,
                "weights_updated": series.updates,
            }
            for series in found.series.values()
        ],
    }
