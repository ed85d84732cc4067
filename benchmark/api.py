"""The Python API: evaluate HEAR modules, read results. Nothing here prints or exits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.models.specs import check_modules, row_labels, row_specs, split_spec
from benchmark.models.worker.interpreter import Interpreter, interpreters_of
from benchmark.protocol import Protocol
from benchmark.report.few_shot import FewShotScore, shots_folder
from benchmark.report.merged_cells import CellFile
from benchmark.report.seed_groups import WantedGroups, kept_groups
from benchmark.report.standings import Leaderboard, leaderboard_of_cells, read_leaderboard
from benchmark.report.write import TABLES, write_few_shot_report, write_report
from benchmark.results.cell_files import cell_path, check_names
from benchmark.runner.cells import Executor, FinishedCells
from benchmark.runner.local import run_locally
from benchmark.runner.parallel.devices import DevicesExecutor
from benchmark.runner.plan import RunPlan, fit_tasks
from benchmark.runner.preview import Preview, preview_plan
from benchmark.runner.progress import Advance, Progress, Silent
from benchmark.runner.tracking import Tracking
from benchmark.tasks.find import choose, find_tasks
from msssl_common.devices import device_elsewhere, resolve_devices
from msssl_common.files import check_writable, remove_leftovers
from msssl_common.messages import printable_name

RUNS = Path("results") / "runs"  # not tracked: published boards are beside it


def evaluate(
    modules: Sequence[str] = (),
    *,
    baselines: Sequence[str] = (),
    floors: bool = True,
    tasks: Sequence[str] | None = None,
    tasks_dir: Path | str | None = None,
    protocol: Protocol | None = None,
    limit: int | None = None,
    seeds: int = 1,
    out: Path | str | None = None,
    device: str = "auto",
    embedding_dtype: str = "float32",
    interpreters: Mapping[str, Interpreter | Path | str] | None = None,
    licences: Mapping[str, str] | None = None,
    in_process: bool = False,
    executor: Executor | None = None,
    progress: Progress | None = None,
    tracking: Tracking | None = None,
    command: str = "",
    debug: bool = False,
) -> Leaderboard:
    """Embed tasks with HEAR modules, train HEAR's shallow heads, write a leaderboard.

    A cell (one module on one task) that an earlier call finished in the same folder is kept. If a
    module or task fails, its cells keep the reason and the others are run: see ``failures`` of the
    result.

    Args:
        modules: Import names of HEAR modules, each with ``=CHECKPOINT`` or without, and with
            ``LABEL:=`` before it to name its row; ``msssl_hear`` if empty.
        baselines: Short names of bundled baselines, e.g. ``("cola", "panns")``.
        floors: Whether to add the rows ``logmel`` and ``random``.
        tasks: Names of tasks; None for all.
        tasks_dir: Folder of tasks in HEAR's format, or one task; None for the embedded suite.
        protocol: How heads are trained and judged; None for HEAR's published grid in fast mode.
        limit: Clips of each split that are used, at most, in the proportions of their labels; a
            first look. None for the protocol's, which is all clips unless it says otherwise.
        seeds: How often the heads are trained: with the protocol's seed, the next one, and so on.
        out: Results folder; None for one of its own under ``results/runs``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. Several, as in ``cuda:0,1``,
            share the work, each in a process of its own; the results are those of one.
        embedding_dtype: Type in which embeddings are kept: ``float32`` or ``float16``.
        interpreters: By module or package name (an empty name means all modules): another Python
            to run it in.
        licences: Of weights, SPDX expressions by module name or by ``MODULE=CHECKPOINT``, where a
            module does not say so itself.
        in_process: Whether to load the other modules into this process, for a debugger. Otherwise
            each has a worker process of its own, and what it does there touches its row alone.
        executor: Fills the cells; None for this machine, or a `RayExecutor`.
        progress: Its methods are called as the run proceeds; None for no reports.
        tracking: Gets every finished cell and the tables.
        command: What the user typed, for the tables to name.
        debug: Whether to print the traceback of a failed cell.

    Returns:
        The leaderboard, which is also written into ``out``.

    Raises:
        ValueError: Nothing can be run: an unknown baseline, task, device or interpreter.
        OSError: There are no such tasks, or a folder cannot be written to.
    """
    progress = progress or Silent()
    plan = make_plan(
        modules,
        baselines=baselines,
        floors=floors,
        tasks=tasks,
        tasks_dir=tasks_dir,
        protocol=protocol,
        limit=limit,
        seeds=seeds,
        out=out,
        embedding_dtype=embedding_dtype,
        interpreters=interpreters,
        licences=licences,
        in_process=in_process,
        progress=progress,
        command=command,
        debug=debug,
    )
    here = executor in (None, run_locally)
    devices = resolve_devices(device) if here else [device_elsewhere(device)]
    if len(devices) > 1:
        executor = DevicesExecutor(devices)
        devices = [devices[0].partition(":")[0]]  # what each process calls its own
    plan = replace(plan, device=devices[0])
    return fill_and_report(plan, progress, tracking, executor or run_locally)


def make_plan(
    modules: Sequence[str] = (),
    *,
    baselines: Sequence[str] = (),
    floors: bool = True,
    tasks: Sequence[str] | None = None,
    tasks_dir: Path | str | None = None,
    protocol: Protocol | None = None,
    limit: int | None = None,
    seeds: int = 1,
    out: Path | str | None = None,
    embedding_dtype: str = "float32",
    interpreters: Mapping[str, Interpreter | Path | str] | None = None,
    licences: Mapping[str, str] | None = None,
    in_process: bool = False,
    progress: Progress | None = None,
    command: str = "",
    debug: bool = False,
) -> RunPlan:
    """What `evaluate` would do with the same arguments, on the processor; for `preview`.

    The embedded suite is made if it is asked for and not there. Nothing else is.

    Raises:
        ValueError: As `evaluate`.
        OSError: There are no such tasks.
    """
    modules, labels = row_labels(modules)
    specs = row_specs(modules, baselines, floors)
    elsewhere = interpreters_of(modules, interpreters or {})
    check_modules(spec for spec in specs if split_spec(spec)[0] not in elsewhere)
    protocol = protocol or Protocol("default")
    if limit is not None:
        protocol = replace(protocol, limit=limit)
    progress = progress or Silent()
    found = find_tasks(tasks_dir, _suite_advance(progress))
    fit, left_out = fit_tasks(choose(found, tasks or ()), protocol, bool(tasks))
    for sentence in left_out:
        progress.say(sentence)
    if seeds > 1 and protocol.probe != "mlp" and protocol.shots is None:
        raise ValueError(f"The probe {protocol.probe} draws nothing at random: one seed will do")
    last = replace(protocol, seed=protocol.seed + seeds - 1)
    check_names(specs, [task.full_name for task in fit], last, embedding_dtype)
    return RunPlan(
        specs=specs,
        tasks=fit,
        out=Path(out) if out is not None else results_folder(tasks_dir, protocol),
        protocol=protocol,
        seeds=seeds,
        embedding_dtype=embedding_dtype,
        command=command,
        debug=debug,
        interpreters=elsewhere,
        in_process=in_process,
        labels=labels,
        licences={name: printable_name(licence) for name, licence in (licences or {}).items()},
    )


def preview(plan: RunPlan, progress: Progress | None = None) -> Preview:
    """What a run would embed and train, and what is done already; nothing of it is done.

    Modules are loaded and audio is hashed: their hashes say what the cache has.

    Args:
        plan: From `make_plan`.
        progress: Its methods are called as modules and tasks are looked at.
    """
    return preview_plan(plan, progress or Silent())


def evaluate_shots(
    shots: Sequence[int],
    modules: Sequence[str] = (),
    *,
    protocol: Protocol | None = None,
    seeds: int = 5,
    tasks_dir: Path | str | None = None,
    out: Path | str | None = None,
    **arguments: Any,  # noqa: ANN401 -- those of evaluate
) -> list[FewShotScore]:
    """Evaluate with few clips of each class: a leaderboard for each number of them, and a curve.

    Args:
        shots: Clips of each class to train on, and as many to validate on.
        modules: As for `evaluate`.
        protocol: As for `evaluate`; its own shots do not count.
        seeds: Draws of the clips: the protocol's seed draws the first, the next one the second.
        tasks_dir: As for `evaluate`. Event tasks are left out.
        out: Folder of the curve; each number has its leaderboard in ``shots-N`` inside. None for
            one under ``results/runs``.
        **arguments: As for `evaluate`.

    Returns:
        The curve: a score per module, task and number of clips. It is also written into ``out``.

    Raises:
        ValueError: Nothing can be run, or no number of clips is given.
        OSError: As for `evaluate`.
    """
    if not shots:
        raise ValueError("Shots must name at least one number of clips")
    protocol = protocol or Protocol("default")
    folder = few_shot_folder(tasks_dir, protocol) if out is None else Path(out)
    boards = {
        few: evaluate(
            modules,
            protocol=replace(protocol, shots=few),
            seeds=seeds,
            tasks_dir=tasks_dir,
            out=shots_folder(folder, few),
            **arguments,
        )
        for few in sorted(set(shots))
    }
    return write_few_shot_report(boards, folder)


def few_shot_folder(tasks_dir: Path | str | None, protocol: Protocol) -> Path:
    """Where curves go by default."""
    folder = results_folder(tasks_dir, replace(protocol, shots=None))
    return folder.with_name(f"{folder.name}-few-shot")


def results_folder(tasks_dir: Path | str | None, protocol: Protocol) -> Path:
    """Where results go by default: a folder under ``results/runs``, named after the tasks' folder.

    Args:
        tasks_dir: Folder of tasks, or one task; None for the embedded suite.
        protocol: Scores of another kind than HEAR's get a folder of their own.
    """
    name = "embedded" if tasks_dir is None else Path(tasks_dir).resolve().name
    return RUNS / "-".join(filter(None, [name, protocol.variant]))


def _suite_advance(progress: Progress) -> Advance:
    """What takes the progress of the embedded suite; where it is there already, nothing is said."""
    description = "Making the embedded tasks, once"
    steps: list[Advance] = []

    def advance(done: int, total: int) -> None:
        if not steps:
            progress.say(f"{description} ...")
            steps.append(progress.step(description))
        steps[0](done, total)

    return advance


def fill_and_report(
    plan: RunPlan,
    progress: Progress,
    tracking: Tracking | None = None,
    executor: Executor = run_locally,
) -> Leaderboard:
    """Fill every cell of a plan, and write the tables of `benchmark.report.write`.

    Args:
        plan: What to run.
        progress: Told what happens.
        tracking: Gets every finished cell, also those that an earlier run made, and the tables.
        executor: Does the work.

    Raises:
        OSError: The results folder, which is tried first, or the cache cannot be written to.
    """
    for folder in (plan.out, plan.out / "cells"):
        check_writable(folder)
        remove_leftovers(folder)
    groups = kept_groups(plan.out)
    progress.begin(len(plan.specs) * len(plan.tasks) * plan.seeds)
    finished = FinishedCells(plan, progress, tracking)
    executor(plan, finished)
    files = [CellFile(cell_path(plan.out, cell), cell) for cell in finished.in_order()]
    cautions = _other_cells(plan.out, {file.path for file in files})
    advance = progress.step("resampling clips")
    leaderboard = leaderboard_of_cells(files, cautions=cautions, advance=advance, groups=groups)
    write_report(leaderboard, plan.out)
    if tracking:
        tracking.tables(plan.out, list(TABLES))
    return leaderboard


def _other_cells(out: Path, shown: set[Path]) -> list[str]:
    """What to say of cells that earlier runs left in a results folder and this run did not ask for.

    Args:
        out: The results folder.
        shown: Files of the cells that the tables show.
    """
    others = set((out / "cells").glob("*.json")) - shown
    if not others:
        return []
    return [
        f"{len(others)} more results of earlier runs are in this folder and not in this table: "
        "msbench report shows all that were made alike."
    ]


def load_results(
    *folders: Path | str,
    advance: Callable[[int, int], None] | None = None,
    title: str = "",
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Leaderboard:
    """Read one or several results folders as one leaderboard; nothing but their files is needed.

    Args:
        folders: Results folders, each written by ``msbench run`` or `evaluate`.
        advance: Called with (done, total) as the tasks are resampled.
        title: Of the page; by default made of tasks, rows and date.
        groups: Rows that differ in the seed of their training, as ``{"multi": ["multi-*"]}``:
            labels or patterns of them by the group's name. ``over_seeds`` has what they tell.

    Raises:
        FileNotFoundError: A folder without results.
        ValueError: Files that cannot stand in one table, or that this version cannot read; groups
            that do not fit the rows.
    """
    wanted = WantedGroups(groups) if groups else None
    return read_leaderboard([Path(folder) for folder in folders], advance, title, wanted)
