"""The speed table of heads: who needs how long, how many times faster than upstream, what score."""

from __future__ import annotations

from benchmark.bench.cost import Cost
from benchmark.bench.heads import BARE_LOOP, PRODUCTS, UPSTREAM, Findings, Plan, Series
from benchmark.bench.report import Report
from benchmark.runner.provenance import machine

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
        rows=table_rows(found),
        notes=notes(plan, found),
        measured=as_json(plan, found),
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
        f"{' and '.join(PRODUCTS)}: the matrix products of those steps alone, in either precision. "
        "No implementation of upstream's trainings can be faster than its products.",
        "Weights updated: summed over all steps, which says how much was trained. Modes differ in "
        "it, since fast mode's draws end its trainings elsewhere; upstream's are exact mode's.",
        "In brackets: how many times faster than upstream.",
        "Test score: the task's first, mean over folds; two numbers where runs differ.",
    ]
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
