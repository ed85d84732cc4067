"""``msbench run``: the command line of `benchmark.evaluate`."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from typing import TYPE_CHECKING

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
    from benchmark.report.standings import Leaderboard
    from benchmark.runner.progress import Progress
    from benchmark.runner.tracking import Tracking


@click.command()
@report_errors
@compared_options
@scoring_options
@place_options
@output_options
def run(compared: Compared, scoring: Scoring, place: Place, output: Output) -> None:
    """Embed tasks with every MODULE, train HEAR's shallow heads, and write a leaderboard.

    MODULE is the import name of a HEAR module, installed or in the current folder.
    MODULE=CHECKPOINT gives CHECKPOINT to its load_model. Without a MODULE, msssl_hear is run.

    The same command resumes an interrupted run, and tries failed cells again. Exit status: 0 if
    every cell is finished; 1 if some failed, and the table says why; 2 if nothing could be run.

    \b
    Examples:
      msbench run --baselines cola,panns
      msbench run my_module my_module=other.pt --tasks-dir hear/tasks --grid default
      msbench run --tasks-dir hear/tasks --tasks esc50-v2.0.0-full --out results/esc50
      msbench run my_module --seeds 5 --mode exact
      msbench run hearbaseline my_module --env hearbaseline=other_venv/bin/python
      msbench run my_module --tasks-dir hear/tasks --executor ray --address auto
    """  # noqa: D301 -- click wants the character behind \\b
    check_names(compared, place)
    # Heavy from here on: torch and SciPy.
    from benchmark.api import results_folder
    from benchmark.cli.terminal import RunProgress
    from benchmark.cli.terminal_table import print_standings
    from benchmark.report.write import TABLES
    from msssl_common.console import make_console

    out = output.out or results_folder(compared.tasks_dir)
    console = make_console()
    with RunProgress(console) as progress:
        leaderboard = _evaluate(compared, scoring, place, output, progress)
    print_standings(console, leaderboard)
    console.print(f"Written: {out}/{', '.join(TABLES)}", soft_wrap=True)
    if leaderboard.failures:
        sys.exit(SOME_FAILED)


def _evaluate(
    compared: Compared, scoring: Scoring, place: Place, output: Output, progress: Progress
) -> Leaderboard:
    """`benchmark.evaluate` with the arguments that the options stand for."""
    from benchmark.api import evaluate

    return evaluate(
        compared.modules,
        baselines=compared.baselines,
        floors=compared.floor,
        tasks=compared.tasks,
        tasks_dir=compared.tasks_dir,
        protocol=scoring.protocol,
        seeds=scoring.seeds,
        out=output.out,
        device=place.said_device,
        embedding_dtype=output.embedding_dtype,
        interpreters=place.interpreters(compared.modules),
        in_process=place.in_process,
        executor=place.chosen_executor,
        progress=progress,
        tracking=_tracking(output),
        command=f"msbench {shlex.join(sys.argv[1:])}",
        debug=output.debug,
    )


def _tracking(output: Output) -> Tracking | None:
    if output.tracker is None:
        return None
    from benchmark.runner.tracking import Tracking

    return Tracking(output.tracker, partial(say, err=True))
