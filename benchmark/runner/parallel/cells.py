"""Fill every cell by tasks for other processes, each as soon as its inputs are there.

For each module: load it once for its facts, then for each task: hash it (once per sample rate),
embed each split, train the stages of `benchmark.heads.stages` round by round, score. Tasks exchange
embeddings and heads through the cache folder, where an interrupted run finds them again. Only this
process writes the results. One bar counts all tasks, beside the lines of finished cells.

Who does the tasks, `benchmark.runner.ray` and `benchmark.runner.parallel.devices` say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from benchmark.embeddings.cache import CacheEntry
from benchmark.heads.saved_heads import head_name
from benchmark.heads.stages import Stage, rounds
from benchmark.models.specs import split_spec
from benchmark.results.cells import Cell, ModuleFacts
from benchmark.runner.cells import FinishedCells, RunCells, shared_step_name
from benchmark.runner.evaluate_cell import EvaluatedCell, cache_entry
from benchmark.runner.parallel import tasks
from benchmark.runner.parallel.tasks import ModuleSpec, Outcome
from benchmark.runner.plan import RunPlan
from benchmark.tasks.task import Task, task_folds
from msssl_common.messages import say


class Work(Protocol):
    """Has tasks done elsewhere."""

    async def do(
        self, name: str, function: Callable[..., object], *arguments: object, gpu: bool = True
    ) -> Outcome:
        """Have a task done.

        Args:
            name: What it is called in messages.
            function: Of `benchmark.runner.parallel.tasks`.
            arguments: For it.
            gpu: Whether it needs the GPU of a run that has one.
        """


class TaskProgress:
    """Shows tasks and passes finished cells on.

    Args:
        finished: Takes the cells.
        where: Where the tasks are done, in two or three words.
    """

    def __init__(self, finished: FinishedCells, where: str) -> None:
        self._finished = finished
        self._where = where
        self._advance = self._step()
        self._shown = (0, 0)

    def say(self, line: str) -> None:
        """Print a line."""
        self._finished.progress.say(line)

    def count(self, done: int, total: int) -> None:
        """Show how many tasks are done, of those known so far."""
        self._shown = (done, total)
        if done < total:  # otherwise the bar would go: more tasks may follow
            self._advance(done, total)

    def add(self, cell: Cell, kept: bool = False) -> None:
        """Take a finished or failed cell; see `FinishedCells.add`."""
        self._finished.add(cell, kept)
        self._again()

    def add_failed_module(self, cells: Sequence[Cell]) -> None:
        """Take the cells of a module that cannot be loaded."""
        self._finished.add_failed_module(cells)
        self._again()

    def _again(self) -> None:
        """A finished cell clears all bars but the run's."""
        self._advance = self._step()
        self.count(*self._shown)

    def _step(self) -> Callable[[int, int], None]:
        return self._finished.progress.step(f"tasks {self._where}")


class _TaskFailedError(Exception):
    """A task failed; the message is the reason for its cells."""


class Cells:
    """All cells of a run, in the making.

    Args:
        plan: The run.
        progress: Takes cells.
        work: Has tasks done.
        pairs_at_once: Modules and tasks in work at once.
        by_stage: Whether the heads of a cell are trained by several tasks, or all by one.
    """

    def __init__(
        self,
        plan: RunPlan,
        progress: TaskProgress,
        work: Work,
        pairs_at_once: int,
        by_stage: bool = True,
    ) -> None:
        self._plan = plan
        self._work = work
        self._cells = RunCells(plan, progress)
        self._hashes: dict[tuple[str, int], asyncio.Task[Outcome]] = {}
        self._pairs_at_once = pairs_at_once
        self._by_stage = by_stage

    async def fill(self) -> None:
        """Fill all of them."""
        specs = [self._module_spec(spec) for spec in self._plan.specs]
        loading = [
            asyncio.create_task(self._work.do(f"{spec.spec}: loading", tasks.facts_of_module, spec))
            for spec in specs
        ]
        labels: set[str] = set()
        filling = []
        turns = asyncio.Semaphore(self._pairs_at_once)
        # In order, because labels depend on those before.
        for spec, loaded in zip(specs, loading, strict=True):
            outcome = await loaded
            if outcome.reason:
                module = self._cells.fail_module(spec.spec, self._reason(outcome))
                labels.add(module.label)
                continue
            module = self._plan.named(spec.spec, outcome.value, labels)
            labels.add(module.label)
            filling += [
                asyncio.create_task(self._in_turn(turns, spec, task, blanks))
                for task, blanks in self._cells.blanks(module)
            ]
        await asyncio.gather(*filling)

    def _module_spec(self, spec: str) -> ModuleSpec:
        interpreter = self._plan.interpreters.get(split_spec(spec)[0])
        return ModuleSpec(spec, self._plan.device, interpreter, self._plan.in_process)

    async def _in_turn(
        self, turns: asyncio.Semaphore, spec: ModuleSpec, task: Task, blanks: list[Cell]
    ) -> None:
        async with turns:
            await self._finish(spec, replace(task, folder=task.folder.absolute()), blanks)

    async def _finish(self, spec: ModuleSpec, task: Task, blanks: list[Cell]) -> None:
        """Keep, fill or fail a module's cells on a task, one per seed."""
        missing = blanks
        try:
            hashed = self._check(await self._hash(task, blanks[0].module))
            missing = self._cells.keep(blanks, hashed.value)
            if not missing:
                return
            cached = await self._embed(spec, task, missing[0])
        except _TaskFailedError as error:
            self._cells.fail(missing, str(error))
            return
        await asyncio.gather(*(self._fill(task, blank, cached) for blank in missing))

    async def _hash(self, task: Task, module: ModuleFacts) -> Outcome:
        rate = module.sample_rate or 0
        key = (task.full_name, rate)
        if key not in self._hashes:
            name = f"{task.full_name}: hashing"
            work = self._work.do(name, tasks.hash_of_task, task, rate, gpu=False)
            self._hashes[key] = asyncio.create_task(work)
        return await self._hashes[key]

    async def _embed(self, spec: ModuleSpec, task: Task, blank: Cell) -> bool:
        """Embed a task for all its seeds; returns whether it was in the cache."""
        entry = cache_entry(blank)
        outcomes = await self._all(
            self._work.do(
                shared_step_name(blank, f"embedding {split}"),
                *(tasks.embed, spec, blank.module.module_hash, task, split, entry),
            )
            for split in task.splits
        )
        return all(outcome.value for outcome in outcomes)

    async def _fill(self, task: Task, blank: Cell, cached: bool) -> None:
        """Train and score the heads of a cell."""
        entry = cache_entry(blank)
        try:
            needed, seconds = await self._train(task, entry, blank) if self._by_stage else ([], 0.0)
            name = self._cells.step_name(blank, "scoring" if self._by_stage else "training heads")
            scored = self._check(
                await self._work.do(name, tasks.finish, task, entry, blank, needed)
            )
        except _TaskFailedError as error:
            self._cells.fail([blank], str(error))
            return
        evaluated = scored.value
        seconds += scored.seconds
        cost = replace(evaluated.cell.cost, head_seconds=seconds, embedding_cached=cached)
        cell = replace(evaluated.cell, cost=cost)
        self._cells.fill(blank, lambda: EvaluatedCell(cell, *evaluated[1:]))

    async def _train(self, task: Task, entry: CacheEntry, blank: Cell) -> tuple[list[str], float]:
        """Train a cell's heads round by round.

        Returns:
            Their names, and the seconds of all trainings together.
        """
        needed: list[str] = []
        seconds = 0.0
        try:
            following = rounds(task, blank.protocol)
        except ValueError as error:  # the protocol does not fit the task
            raise _TaskFailedError(str(error)) from error
        for stages in following:
            outcomes = await self._all(
                self._work.do(
                    self._cells.step_name(blank, f"training {_words(task, stage)}"),
                    *(tasks.train, task, entry, blank, stage, needed),
                    gpu=blank.protocol.mode == "fast",
                )
                for stage in stages
            )
            seconds += sum(outcome.seconds for outcome in outcomes)
            needed = [*needed, *(head for stage in stages for head in _heads(task, stage))]
        return needed, seconds

    async def _all(self, work: Iterable[Coroutine[None, None, Outcome]]) -> list[Outcome]:
        """What became of tasks, when all are done; raises for the first that failed."""
        outcomes = await asyncio.gather(*work)
        return [self._check(outcome) for outcome in outcomes]

    def _check(self, outcome: Outcome) -> Outcome:
        """Pass on what became of a task; raises if it failed."""
        if outcome.reason:
            raise _TaskFailedError(self._reason(outcome))
        return outcome

    def _reason(self, outcome: Outcome) -> str:
        if self._plan.debug and outcome.details:
            say(outcome.details, err=True)
        return outcome.reason or ""


def _words(task: Task, stage: Stage) -> str:
    """A stage in a few words."""
    fold = task_folds(task)[stage.fold].test
    heads = f"{len(stage.points)} head{'s' * (len(stage.points) > 1)}"
    return f"{heads} of {fold}"


def _heads(task: Task, stage: Stage) -> list[str]:
    fold = task_folds(task)[stage.fold]
    return [head_name(fold, index) for index in stage.points]
