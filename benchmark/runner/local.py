"""A run on this machine, one module and task after the other."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import closing
from dataclasses import replace

from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.models.specs import split_spec
from benchmark.results.cells import Cell, ModuleFacts
from benchmark.runner.cells import CellFiller, FinishedCells
from benchmark.runner.plan import RunPlan, module_facts
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash
from msssl_common.messages import reason_for_cell


def run_locally(plan: RunPlan, finished: FinishedCells) -> None:
    """Fill every cell of a run.

    Args:
        plan: What to run.
        finished: Takes the cells.
    """
    filler = CellFiller(plan.out, finished.progress.step, plan.debug)
    labels: set[str] = set()
    hashes: dict[tuple[str, int], str] = {}
    for spec in plan.specs:
        hear, module, reason = _load(plan, spec, labels)
        labels.add(module.label)
        if hear is None:
            blanks = [plan.blanks(module, task, reason) for task in plan.tasks]
            finished.add_failed_module(
                [filler.failed(blank) for seeds in blanks for blank in seeds]
            )
            continue
        with closing(hear):
            for task in plan.tasks:
                for cell, kept in _task_cells(plan, filler, hear, module, task, hashes):
                    finished.add(cell, kept)
        if hear.log and hear.log.exists():
            finished.progress.say(f"{module.label}: what it printed is in {hear.log}")


def _load(
    plan: RunPlan, spec: str, labels: Container[str]
) -> tuple[HearModule | None, ModuleFacts, str | None]:
    """The module and what rows say of it, or None with the reason against it."""
    name, checkpoint = split_spec(spec)
    try:
        hear = load_hear_module(spec, plan.device, plan.interpreter(spec), plan.logs)
        return hear, module_facts(hear, labels), None
    except Exception as error:
        return None, ModuleFacts(spec, name, checkpoint), reason_for_cell(error, plan.debug)


def _task_cells(
    plan: RunPlan,
    filler: CellFiller,
    hear: HearModule,
    module: ModuleFacts,
    task: Task | UnreadableTask,
    hashes: dict[tuple[str, int], str],
) -> Iterator[tuple[Cell, bool]]:
    """A module's cells on a task, one per seed, and whether an earlier run made them."""
    blanks = plan.blanks(module, task)
    if isinstance(task, UnreadableTask):
        yield from ((filler.failed(replace(blank, reason=task.reason)), False) for blank in blanks)
        return
    try:
        hashed = _task_hash(task, hear, hashes)
    except Exception as error:
        reason = reason_for_cell(error, plan.debug)
        yield from ((filler.failed(replace(blank, reason=reason)), False) for blank in blanks)
        return
    missing = []
    for blank in blanks:
        asked = replace(blank, task_hash=hashed)
        if cell := filler.kept(asked):
            yield cell, True
        else:
            missing.append(asked)
    if missing:
        yield from ((cell, False) for cell in filler.fill(hear, task, missing))


def _task_hash(task: Task, hear: HearModule, known: dict[tuple[str, int], str]) -> str:
    key = (task.full_name, hear.sample_rate)
    if key not in known:
        known[key] = task_hash(task, hear.sample_rate)
    return known[key]
