"""``msbench run``: the command line of `benchmark.evaluate`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli.options import SOME_FAILED, report_errors
from benchmark.cli.run_options import (
    Compared,
    Output,
    Place,
    Scoring,
    check_names,
    compared_options,
    output_options,
    place_options,
    scoring_options,
)
from msssl_common.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.runner.tracking import Tracking

DRAWS = 5  # of few shots, unless --seeds says otherwise


@click.command(short_help="Embed tasks, train heads, and write a leaderboard.")
@report_errors
@compared_options
@scoring_options
@place_options
@output_options
def run(compared: Compared, scoring: Scoring, place: Place, output: Output) -> None:
    """Embed tasks with every MODULE, train HEAR's shallow heads, and write a leaderboard.

    MODULE is the import name of a HEAR module, installed or in the current folder.
    MODULE=CHECKPOINT gives CHECKPOINT to its load_model. LABEL:= before it names its row. Without a
    MODULE, msssl_hear is run.

    The same command resumes an interrupted run, and tries failed cells again. Exit status: 0 if
    every cell is finished; 1 if some failed, and the table says why; 2 if nothing could be run.

    \b
    Examples:
      msbench run --baselines cola,panns --limit 100
      msbench run my_module new:=my_module=other.pt --tasks-dir hear/tasks --dry-run
      msbench run --tasks-dir hear/tasks --tasks esc50-v2.0.0-full --out results/esc50
      msbench run my_module --seeds 5 --mode exact
      msbench run my_module --probe linear --shots 1,4,16,64
      msbench run hearbaseline my_module --env hearbaseline=other_venv/bin/python
      msbench run my_module --tasks-dir hear/tasks --executor ray --address auto
    """  # noqa: D301 -- click wants the character behind \\b
    check_names(compared, place)
    # Heavy from here on: torch and SciPy.
    from benchmark.cli.log_file import log_line, opened_log
    from msssl_common.console import make_console

    with opened_log(output.log) as log:
        command = f"msbench {shlex.join(sys.argv[1:])}"
        if log:
            log_line(log, command)
        arguments = {**_what(compared, scoring, place, output), "command": command}
        if scoring.shots and output.dry_run:
            raise ValueError("--dry-run and --shots do not go together")
        show = _preview if output.dry_run else _evaluate
        if scoring.shots:
            show = partial(_evaluate_shots, scoring.shots)
        failed = show(arguments, place, output, make_console(quiet=output.quiet), log)
    if failed:
        sys.exit(SOME_FAILED)


def _what(compared: Compared, scoring: Scoring, place: Place, output: Output) -> dict[str, Any]:
    """The arguments that `benchmark.evaluate` and `benchmark.make_plan` share."""
    return {
        "modules": compared.modules,
        "baselines": compared.baselines,
        "floors": compared.floor,
        "tasks": compared.tasks,
        "tasks_dir": compared.tasks_dir,
        "protocol": scoring.protocol(compared.limit),
        "seeds": scoring.seeds or (DRAWS if scoring.shots else 1),
        "out": output.out,
        "embedding_dtype": output.embedding_dtype,
        "licences": compared.licences,
        "interpreters": place.interpreters(compared.modules),
        "in_process": place.in_process,
        "debug": output.debug,
    }


def _evaluate(
    arguments: dict[str, Any], place: Place, output: Output, console: Console, log: Console | None
) -> bool:
    """Run, and show the table; whether a cell failed."""
    from benchmark.api import evaluate, results_folder
    from benchmark.cli.terminal import RunProgress
    from benchmark.cli.terminal_table import print_standings
    from benchmark.report.write import TABLES

    with RunProgress(console, log) as progress:
        leaderboard = evaluate(
            **arguments,
            device=place.said_device,
            executor=place.chosen_executor,
            progress=progress,
            tracking=_tracking(output),
        )
    out = output.out or results_folder(arguments["tasks_dir"], arguments["protocol"])
    for shown in (console, log):
        if shown:
            print_standings(shown, leaderboard)
            shown.print(f"Written: {out}/{', '.join(TABLES)}", soft_wrap=True, markup=False)
    return bool(leaderboard.failures)


def _evaluate_shots(
    shots: Sequence[int],
    arguments: dict[str, Any],
    place: Place,
    output: Output,
    console: Console,
    log: Console | None,
) -> bool:
    """Run for every number of clips, and show the curve's table; whether a cell failed."""
    from benchmark.api import evaluate_shots, few_shot_folder
    from benchmark.cli.few_shot import print_curve
    from benchmark.cli.terminal import RunProgress

    with RunProgress(console, log) as progress:
        curve = evaluate_shots(
            shots,
            **arguments,
            device=place.said_device,
            executor=place.chosen_executor,
            progress=progress,
            tracking=_tracking(output),
        )
    out = output.out or few_shot_folder(arguments["tasks_dir"], arguments["protocol"])
    for shown in (console, log):
        if shown:
            print_curve(shown, curve)
            shown.print(f"Written: {out}/few_shot.md", soft_wrap=True, markup=False)
    return any(point.value is None for point in curve)


def _preview(
    arguments: dict[str, Any], place: Place, output: Output, console: Console, log: Console | None
) -> bool:
    """Show what would be done; whether a cell would fail."""
    from benchmark.api import make_plan, preview
    from benchmark.cli.dry_run import print_preview
    from benchmark.cli.terminal import RunProgress

    with RunProgress(console, log) as progress:
        found = preview(make_plan(**arguments, progress=progress), progress)
    for shown in (console, log):
        if shown:
            print_preview(shown, found)
    return any(row.reason for row in found.rows)


def _tracking(output: Output) -> Tracking | None:
    if output.tracker is None:
        return None
    from benchmark.runner.tracking import Tracking

    return Tracking(output.tracker, partial(say, err=True))
