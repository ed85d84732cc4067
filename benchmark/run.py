"""A benchmark run: every module on every task under every seed, failures included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmark.cell_files import cell_path
from benchmark.facts import module_facts, task_facts
from benchmark.failure import failure_reason
from benchmark.fill_cells import CellFiller
from benchmark.foreign.interpreter import Interpreter
from benchmark.hear_module import HearModule, load_hear_module
from benchmark.protocol import Protocol
from benchmark.report.merged_cells import CellFile
from benchmark.report.standings import Standings, standings_of_cells
from benchmark.report.write import TABLES, write_report
from benchmark.results import Cell, ModuleFacts
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash
from benchmark.terminal import RunProgress
from benchmark.tracking.tracking import Tracking


@dataclass(frozen=True)
class Run:
    """What to run and where to put it.

    Attributes:
        specs: HEAR modules, ``pkg.module`` or ``pkg.module=CHECKPOINT``; a row each.
        tasks: Tasks; a column each, also where one cannot be read.
        out: Results folder. Cells finished there under the same hashes are kept.
        protocol: How heads are trained and judged.
        seeds: How often: with the protocol's seed, the next one, and so on.
        embedding_dtype: Type in which embeddings are kept.
        device: Torch device of the modules.
        command: What was typed, for the table to name.
        debug: Whether to print the traceback of a failed cell.
        interpreters: By module name, those that modules with their own are run in.
    """

    specs: Sequence[str]
    tasks: Sequence[Task | UnreadableTask]
    out: Path
    protocol: Protocol
    seeds: int = 1
    embedding_dtype: str = "float32"
    device: str = "cpu"
    command: str = ""
    debug: bool = False
    interpreters: Mapping[str, Interpreter] = field(default_factory=dict)

    @property
    def protocols(self) -> list[Protocol]:
        """The protocol under every seed."""
        first = self.protocol.seed
        return [replace(self.protocol, seed=seed) for seed in range(first, first + self.seeds)]


def run(plan: Run, progress: RunProgress, tracking: Tracking | None = None) -> Standings:
    """Fill every cell, and write the tables of `benchmark.report.write`.

    A module or task that fails leaves its cells with the reason, and the rest goes on.

    Args:
        plan: What to run.
        progress: Shows it.
        tracking: Gets every finished cell, also those that an earlier run made, and the tables.
    """
    cells: list[Cell] = []
    filler = CellFiller(plan.out, progress.step, plan.debug)
    hashes: dict[tuple[str, int], str] = {}
    for spec in plan.specs:
        hear, module, reason = _load(plan, spec, {cell.module.label for cell in cells})
        if hear is None:
            blanks = [_blanks(plan, module, task, reason) for task in plan.tasks]
            failures = [filler.failed(blank) for seeds in blanks for blank in seeds]
            progress.module_failed(failures)
            cells += failures
            continue
        for task in plan.tasks:
            seeds = []
            for cell, kept in _task_cells(plan, filler, hear, module, task, hashes):
                progress.finished(cell, kept)
                if tracking:
                    tracking.cell(cell_path(plan.out, cell), cell)
                seeds.append(cell)
            cells += sorted(seeds, key=lambda cell: cell.protocol.seed)
        hear.close()
    files = [CellFile(cell_path(plan.out, cell), cell) for cell in cells]
    title, advance = f"Leaderboard: {plan.out.resolve().name}", progress.step("resampling clips")
    standings = standings_of_cells(files, title, advance=advance)
    write_report(standings, plan.out)
    if tracking:
        tracking.tables(plan.out, list(TABLES))
    return standings


def _load(
    plan: Run, spec: str, labels: set[str]
) -> tuple[HearModule | None, ModuleFacts, str | None]:
    """The module and what rows say of it, or None with the reason against it."""
    name, _, checkpoint = spec.partition("=")
    try:
        hear = load_hear_module(spec, plan.device, plan.interpreters.get(name))
        return hear, module_facts(hear, labels), None
    except Exception as error:
        return None, ModuleFacts(spec, name, checkpoint), failure_reason(error, plan.debug)


def _task_cells(
    plan: Run,
    filler: CellFiller,
    hear: HearModule,
    module: ModuleFacts,
    task: Task | UnreadableTask,
    hashes: dict[tuple[str, int], str],
) -> Iterator[tuple[Cell, bool]]:
    """A module's cells on a task, one per seed, and whether an earlier run made them."""
    blanks = _blanks(plan, module, task, None)
    if isinstance(task, UnreadableTask):
        yield from ((filler.failed(replace(blank, reason=task.reason)), False) for blank in blanks)
        return
    try:
        hashed = _task_hash(task, hear, hashes)
    except Exception as error:
        reason = failure_reason(error, plan.debug)
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


def _blanks(
    plan: Run, module: ModuleFacts, task: Task | UnreadableTask, reason: str | None
) -> list[Cell]:
    """A module's unfinished cells on a task, one per seed."""
    return [
        Cell(
            module,
            task_facts(task),
            protocol,
            task_hash="",
            reason=reason,
            embedding_dtype=plan.embedding_dtype,
            device=plan.device,
            command=plan.command,
        )
        for protocol in plan.protocols
    ]
