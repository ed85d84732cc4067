"""A benchmark run: every module on every task, a cell each, failures included."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from benchmark.atomic_file import write_text
from benchmark.cache import CacheEntry
from benchmark.embed import embed_task
from benchmark.environment import machine, versions
from benchmark.fingerprint import module_hash, weights_hash
from benchmark.heads.evaluate import evaluate_task
from benchmark.hear_module import HearModule, load_hear_module
from benchmark.leaderboard import Leaderboard, leaderboard_csv, leaderboard_markdown
from benchmark.protocol import Protocol
from benchmark.results import (
    Cell,
    Cost,
    FoldScores,
    ModuleFacts,
    TaskFacts,
    cell_path,
    load_cell,
    save_cell,
)
from benchmark.scores_csv import write_scores
from benchmark.tasks.find import UnreadableTask
from benchmark.tasks.task import Task
from benchmark.tasks.task_hash import task_hash
from benchmark.terminal import RunProgress


@dataclass(frozen=True)
class Run:
    """What to run and where to put it.

    Attributes:
        specs: HEAR modules, ``pkg.module`` or ``pkg.module=CHECKPOINT``; a row each.
        tasks: Tasks; a column each, also where one cannot be read.
        out: Results folder. Cells finished there under the same hashes are kept.
        protocol: Grid and seed of the heads.
        device: Torch device of the modules.
        command: What was typed, for the table to name.
        debug: Whether to print the traceback of a failed cell.
    """

    specs: Sequence[str]
    tasks: Sequence[Task | UnreadableTask]
    out: Path
    protocol: Protocol
    device: str = "cpu"
    command: str = ""
    debug: bool = False


def run(plan: Run, progress: RunProgress) -> Leaderboard:
    """Fill every cell, write ``scores.csv``, ``leaderboard.csv`` and ``leaderboard.md``.

    A module or task that fails leaves its cells with the reason, and the rest goes on.
    """
    cells: list[Cell] = []
    task_hashes: dict[tuple[str, int], str] = {}
    for spec in plan.specs:
        hear, module, reason = _load(plan, spec, {cell.module.label for cell in cells})
        for task in plan.tasks:
            path = cell_path(plan.out, spec, task.full_name, plan.protocol)
            blank = Cell(module, _task_facts(task), plan.protocol, "", reason, device=plan.device)
            if hear is None:
                cell, kept = blank, False
            elif isinstance(task, UnreadableTask):
                cell, kept = replace(blank, reason=task.reason), False
            else:
                cell, kept = _fill(plan, hear, task, blank, path, task_hashes, progress)
            if not kept:
                cell = _stamp(cell)
                save_cell(path, cell)
            cells.append(cell)
            progress.finished(cell, kept)
    return _write_tables(plan, cells)


def _fill(
    plan: Run,
    hear: HearModule,
    task: Task,
    blank: Cell,
    path: Path,
    task_hashes: dict[tuple[str, int], str],
    progress: RunProgress,
) -> tuple[Cell, bool]:
    """A cell with its scores or the reason against them, and whether an earlier run made it."""
    try:
        blank = replace(blank, task_hash=_task_hash(task, hear, task_hashes))
        kept = _kept(path, blank)
        if kept:
            return kept, True
        return _evaluate(hear, task, blank, progress), False
    except Exception as error:
        return replace(blank, reason=_reason(error, plan.debug)), False


def _load(
    plan: Run, spec: str, labels: set[str]
) -> tuple[HearModule | None, ModuleFacts, str | None]:
    """The module and what rows say of it, or None with the reason against it."""
    name, _, checkpoint = spec.partition("=")
    try:
        hear = load_hear_module(spec, plan.device)
        weights = weights_hash(hear.model)
        facts = ModuleFacts(
            # Two checkpoints may carry the same label; rows must not run together.
            label=f"{hear.label} ({spec})" if hear.label in labels else hear.label,
            module=name,
            checkpoint=checkpoint,
            note=hear.note,
            weights_hash=weights,
            module_hash=module_hash(hear, weights),
            sample_rate=hear.sample_rate,
            parameters=hear.parameter_count,
        )
    except Exception as error:
        return None, ModuleFacts(spec, name, checkpoint), _reason(error, plan.debug)
    return hear, facts, None


def _task_hash(task: Task, hear: HearModule, known: dict[tuple[str, int], str]) -> str:
    key = (task.full_name, hear.sample_rate)
    if key not in known:
        known[key] = task_hash(task, hear.sample_rate)
    return known[key]


def _kept(path: Path, asked: Cell) -> Cell | None:
    """The cell that an earlier run finished for the same question, under today's names."""
    cell = load_cell(path)
    if cell and cell.answers(asked.module.module_hash, asked.task_hash, asked.protocol):
        return replace(cell, module=asked.module, task=asked.task)
    return None


def _evaluate(hear: HearModule, task: Task, blank: Cell, progress: RunProgress) -> Cell:
    """Embed a task and score the heads trained on it."""
    module = blank.module
    entry = CacheEntry.of(
        module.module_hash, blank.task_hash, {"module": hear.spec, "task": task.full_name}
    )
    name = f"{module.label} {task.full_name}"
    embedded = embed_task(hear, task, entry, progress.step(f"{name}: embedding clips"))
    started = time.perf_counter()
    result = evaluate_task(
        task,
        embedded.splits,
        blank.protocol,
        on_progress=progress.step(f"{name}: training heads"),
    )
    scene = task.embedding_type == "scene"
    cost = Cost(
        embedding_size=hear.scene_embedding_size if scene else hear.timestamp_embedding_size,
        clips=embedded.clips,
        audio_seconds=embedded.audio_seconds,
        embedding_seconds=embedded.seconds,
        model_seconds=embedded.model_seconds,
        embedding_cached=embedded.cached,
        head_seconds=time.perf_counter() - started,
    )
    folds = [
        FoldScores(fold.test_split, dict(fold.scores), fold.validation_score, fold.epoch)
        for fold in result.folds
    ]
    return replace(
        blank,
        folds=folds,
        cost=cost,
        hyperparameters=dict(result.hyperparameters),
        postprocessing=dict(result.postprocessing),
    )


def _task_facts(task: Task | UnreadableTask) -> TaskFacts:
    if isinstance(task, UnreadableTask):
        return TaskFacts(task.full_name)
    folds = 1 if task.split_mode == "trainvaltest" else len(task.splits)
    own_grid = ", ".join(task.param_grid)
    return TaskFacts(task.full_name, task.family, task.evaluation[0], task.notice, folds, own_grid)


def _stamp(cell: Cell) -> Cell:
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return replace(cell, date=now, versions=versions(), machine=machine(cell.device))


def _reason(error: Exception, debug: bool) -> str:
    """One line: our own errors are sentences already, others get their type's name."""
    if debug:
        traceback.print_exception(error)
    message = " ".join(str(error).split())
    if message and isinstance(error, ValueError | OSError):
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _write_tables(plan: Run, cells: Sequence[Cell]) -> Leaderboard:
    board = Leaderboard.of(cells)
    title = f"Leaderboard: {plan.out.name}"
    write_scores(plan.out / "scores.csv", cells)
    write_text(plan.out / "leaderboard.csv", leaderboard_csv(board))
    write_text(plan.out / "leaderboard.md", leaderboard_markdown(board, title, plan.command))
    return board
