"""Fill every cell by tasks on a Ray cluster, each as soon as its inputs are there.

For each module: load it once for its facts, then for each task: hash it (once per sample rate),
embed each split, train the stages of `benchmark.heads.stages` round by round, score. Tasks exchange
embeddings and heads through the cache folder, where an interrupted run finds them again. Only this
process writes the results. One bar counts all tasks, beside the lines of finished cells.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmark.heads.saved_heads import head_name
from benchmark.heads.stages import Stage, rounds
from benchmark.models.specs import split_spec
from benchmark.results.cells import Cell, ModuleFacts
from benchmark.runner.cells import CellFiller, FinishedCells, cache_entry, heads_folder
from benchmark.runner.plan import RunPlan, with_unique_label
from benchmark.runner.ray import tasks
from benchmark.runner.ray.tasks import ModuleSpec, Outcome
from benchmark.runner.ray.work import Work
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task, task_folds


class ClusterProgress:
    """Shows tasks and passes finished cells on.

    Args:
        finished: Takes the cells.
    """

    def __init__(self, finished: FinishedCells) -> None:
        self._finished = finished
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
        return self._finished.progress.step("tasks on the cluster")


class Cells:
    """All cells of a run, in the making.

    Args:
        plan: The run.
        progress: Takes cells.
        work: Has tasks done.
        pairs_at_once: Modules and tasks in work at once.
    """

    def __init__(
        self, plan: RunPlan, progress: ClusterProgress, work: Work, pairs_at_once: int
    ) -> None:
        self._plan = plan
        self._progress = progress
        self._work = work
        self._filler = CellFiller(plan.out, lambda description: lambda done, total: None)
        self._hashes: dict[tuple[str, int], asyncio.Task[Outcome]] = {}
        self._pairs_at_once = pairs_at_once

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
                labels.add(spec.spec)
                self._failed_module(spec, outcome)
                continue
            module = with_unique_label(outcome.value, labels)
            labels.add(module.label)
            filling += [
                asyncio.create_task(self._in_turn(turns, spec, module, task))
                for task in self._plan.tasks
            ]
        await asyncio.gather(*filling)

    def _module_spec(self, spec: str) -> ModuleSpec:
        interpreter = self._plan.interpreters.get(split_spec(spec)[0])
        return ModuleSpec(spec, self._plan.device, interpreter, self._plan.in_process)

    def _failed_module(self, spec: ModuleSpec, outcome: Outcome) -> None:
        name, checkpoint = split_spec(spec.spec)
        module = ModuleFacts(spec.spec, name, checkpoint)
        reason = self._reason(outcome)
        blanks = [self._plan.blanks(module, task, reason) for task in self._plan.tasks]
        failed = [self._filler.failed(blank) for seeds in blanks for blank in seeds]
        self._progress.add_failed_module(failed)

    async def _in_turn(
        self,
        turns: asyncio.Semaphore,
        spec: ModuleSpec,
        module: ModuleFacts,
        task: Task | UnreadableTask,
    ) -> None:
        async with turns:
            await self._task(spec, module, task)

    async def _task(
        self, spec: ModuleSpec, module: ModuleFacts, task: Task | UnreadableTask
    ) -> None:
        """A module's cells on a task, one per seed."""
        blanks = self._plan.blanks(module, task)
        if isinstance(task, UnreadableTask):
            self._failed(blanks, task.reason)
            return
        task = replace(task, folder=task.folder.absolute())
        hashed = await self._hash(task, module)
        if hashed.reason:
            self._failed(blanks, self._reason(hashed))
            return
        missing = []
        for blank in blanks:
            asked = replace(blank, task_hash=hashed.value)
            if kept := self._filler.kept(asked):
                self._progress.add(kept, kept=True)
            else:
                missing.append(asked)
        if missing:
            await self._missing(spec, task, missing)

    async def _hash(self, task: Task, module: ModuleFacts) -> Outcome:
        rate = module.sample_rate or 0
        key = (task.full_name, rate)
        if key not in self._hashes:
            name = f"{task.full_name}: hashing"
            work = self._work.do(name, tasks.hash_of_task, task, rate, gpu=False)
            self._hashes[key] = asyncio.create_task(work)
        return await self._hashes[key]

    async def _missing(self, spec: ModuleSpec, task: Task, blanks: list[Cell]) -> None:
        """Cells alike but for the seed: one set of embeddings, heads for each."""
        module, entry = blanks[0].module, cache_entry(blanks[0])
        name = f"{module.label} {task.full_name}"
        outcomes = await asyncio.gather(
            *(
                self._work.do(
                    f"{name}: embedding {split}",
                    *(tasks.embed, spec, module.module_hash, task, split, entry),
                )
                for split in task.splits
            )
        )
        for outcome in outcomes:
            if outcome.reason:
                self._failed(blanks, self._reason(outcome))
                return
        cached = all(outcome.value for outcome in outcomes)
        await asyncio.gather(*(self._cell(task, blank, cached) for blank in blanks))

    async def _cell(self, task: Task, blank: Cell, cached: bool) -> None:
        """Train and score the heads of a cell."""
        entry = cache_entry(blank)
        saved = heads_folder(entry, blank)
        seed = f", seed {blank.protocol.seed}" if self._plan.seeds > 1 else ""
        name = f"{blank.module.label} {task.full_name}"
        try:
            following = rounds(task, blank.protocol)
        except ValueError as error:
            self._failed([blank], str(error))
            return
        needed: list[str] = []
        seconds = 0.0
        for stages in following:
            outcomes = await asyncio.gather(
                *(
                    self._work.do(
                        f"{name}: training {_words(task, stage)}{seed}",
                        *(tasks.train, task, entry, blank, stage, saved, needed),
                        gpu=blank.protocol.mode == "fast",
                    )
                    for stage in stages
                )
            )
            for outcome in outcomes:
                if outcome.reason:
                    self._failed([blank], self._reason(outcome))
                    return
            seconds += sum(outcome.seconds for outcome in outcomes)
            needed = [*needed, *(head for stage in stages for head in _heads(task, stage))]
        scoring = (tasks.finish, task, entry, blank, saved, needed)
        outcome = await self._work.do(f"{name}: scoring{seed}", *scoring)
        if outcome.reason:
            self._failed([blank], self._reason(outcome))
            return
        cell, predictions = outcome.value
        cost = replace(cell.cost, head_seconds=seconds + outcome.seconds, embedding_cached=cached)
        cell = replace(cell, cost=cost)
        self._filler.save(cell, predictions, saved)
        self._progress.add(cell)

    def _failed(self, blanks: list[Cell], reason: str) -> None:
        for blank in blanks:
            self._progress.add(self._filler.failed(replace(blank, reason=reason)))

    def _reason(self, outcome: Outcome) -> str:
        if self._plan.debug and outcome.details:
            print(outcome.details, file=sys.stderr)
        return outcome.reason or ""


def _words(task: Task, stage: Stage) -> str:
    """A stage in a few words."""
    fold = task_folds(task)[stage.fold].test
    heads = f"{len(stage.points)} head{'s' * (len(stage.points) > 1)}"
    return f"{heads} of {fold}"


def _heads(task: Task, stage: Stage) -> list[str]:
    fold = task_folds(task)[stage.fold]
    return [head_name(fold, index) for index in stage.points]
