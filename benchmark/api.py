"""A benchmark run: every module on every task under every seed, failures included."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.cli.terminal import RunProgress
from benchmark.report.merged_cells import CellFile
from benchmark.report.standings import Standings, standings_of_cells
from benchmark.report.write import TABLES, write_report
from benchmark.results.cell_files import cell_path
from benchmark.runner.cells import FinishedCells
from benchmark.runner.local import run_locally
from benchmark.runner.plan import Run as Run
from benchmark.runner.tracking import Tracking
from msssl_common.files import check_writable, remove_leftovers

Executor = Callable[[Run, FinishedCells], None]  # fills every cell, in any order


def run(
    plan: Run,
    progress: RunProgress,
    tracking: Tracking | None = None,
    executor: Executor = run_locally,
) -> Standings:
    """Fill every cell, and write the tables of `benchmark.report.write`.

    A module or task that fails leaves its cells with the reason, and the rest goes on.

    Args:
        plan: What to run.
        progress: Shows it.
        tracking: Gets every finished cell, also those that an earlier run made, and the tables.
        executor: Does the work: this process unless said otherwise.

    Raises:
        OSError: The results folder, which is tried first, or the cache cannot be written to.
    """
    for folder in (plan.out, plan.out / "cells"):
        check_writable(folder)
        remove_leftovers(folder)
    finished = FinishedCells(plan, progress, tracking)
    executor(plan, finished)
    files = [CellFile(cell_path(plan.out, cell), cell) for cell in finished.in_order()]
    title, advance = f"Leaderboard: {plan.out.resolve().name}", progress.step("resampling clips")
    standings = standings_of_cells(files, title, advance=advance)
    write_report(standings, plan.out)
    if tracking:
        tracking.tables(plan.out, list(TABLES))
    return standings
