"""A run on this machine, one module and task after the other."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from benchmark.embeddings.embed import embed_task
from benchmark.models.hear_module import HearModule, load_hear_module
from benchmark.results.cells import Cell
from benchmark.runner.cells import FinishedCells, RunCells, shared_step_name
from benchmark.runner.evaluate_cell import cache_entry, evaluate_cell
from benchmark.runner.plan import RunPlan, module_facts
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash
from msssl_common.messages import reason_for_cell


def run_locally(plan: RunPlan, finished: FinishedCells) -> None:
    """Fill every cell of a run.

    Args:
        plan: What to run.
        finished: Takes the cells.
    """
    run = _LocalRun(plan, finished)
    labels: set[str] = set()
    for spec in plan.specs:
        try:
            hear = load_hear_module(spec, plan.device, plan.interpreter(spec), plan.logs)
            module = plan.named(spec, module_facts(hear, ()), labels)
        except Exception as error:
            module = run.cells.fail_module(spec, reason_for_cell(error, plan.debug))
            labels.add(module.label)
            continue
        labels.add(module.label)
        with closing(hear):
            for task, blanks in run.cells.blanks(module):
                run.finish(hear, task, blanks)
        if hear.log and hear.log.exists():
            finished.progress.say(f"{module.label}: what it printed is in {hear.log}")


class _LocalRun:
    """Finishes the cells of a run, those of a module and task at a time.

    Args:
        plan: The run.
        finished: Takes the cells.
    """

    def __init__(self, plan: RunPlan, finished: FinishedCells) -> None:
        self.cells = RunCells(plan, finished)
        self._debug = plan.debug
        self._step = finished.progress.step
        self._hashes: dict[tuple[str, int], str] = {}

    def finish(self, hear: HearModule, task: Task, blanks: list[Cell]) -> None:
        """Keep, fill or fail a module's cells on a task, one per seed."""
        try:
            hashed = self._task_hash(task, hear)
        except Exception as error:
            self.cells.fail(blanks, reason_for_cell(error, self._debug))
            return
        if missing := self.cells.keep(blanks, hashed):
            self._fill(hear, task, missing)

    def _fill(self, hear: HearModule, task: Task, blanks: list[Cell]) -> None:
        """Cells alike but for the seed: one set of embeddings, heads for each."""
        entry = cache_entry(blanks[0])
        advance = self._step(shared_step_name(blanks[0], "embedding clips"))
        try:
            embedded = embed_task(hear, task, entry, advance)
        except Exception as error:
            self.cells.fail(blanks, reason_for_cell(error, self._debug))
            return
        for blank in blanks:
            advance = self._step(self.cells.step_name(blank, "training heads"))
            self.cells.fill(blank, partial(evaluate_cell, task, embedded, blank, advance))

    def _task_hash(self, task: Task, hear: HearModule) -> str:
        key = (task.full_name, hear.sample_rate)
        if key not in self._hashes:
            self._hashes[key] = task_hash(task, hear.sample_rate)
        return self._hashes[key]
