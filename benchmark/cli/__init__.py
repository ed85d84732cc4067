"""The command ``msbench`` and its subcommand ``run``.

Heavy modules are imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.bench import bench
from benchmark.cli.cache import cache
from benchmark.cli.compare import compare
from benchmark.cli.embed import embed
from benchmark.cli.heareval import export, score
from benchmark.cli.options import (
    SOME_FAILED,
    ExecutorName,
    chosen_executor,
    debug_option,
    device_option,
    env_option,
    env_timeout_option,
    executor_options,
    grid_option,
    in_process_option,
    mode_option,
    names,
    report_errors,
    said_device,
    seed_option,
    strict_option,
    tasks_dir_option,
    tasks_option,
)
from benchmark.cli.report import report
from benchmark.cli.tasks import tasks
from benchmark.cli.validate import main as hear_validator
from benchmark.models.specs import check_baselines, check_modules
from benchmark.protocol import Mode, Protocol

if TYPE_CHECKING:
    from benchmark.runner.tracking import TrackerName


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="msssl-hear", message="%(prog)s %(version)s")
def main() -> None:
    """Compare audio embeddings on scene, event and pitch tasks by HEAR's downstream protocol."""


@main.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option(
    "--baselines",
    callback=names,
    metavar="NAME,...",
    help="Bundled baselines to compare with, e.g. cola,panns.",
)
@tasks_dir_option
@tasks_option
@grid_option
@mode_option
@strict_option
@seed_option
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Train the heads with N seeds: --seed, the next one, and so on.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Results folder.  [default: results/runs/embedded, or results/runs/ and the tasks "
    "folder's name]",
)
@click.option(
    "--embedding-dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Type of stored embeddings; float16 takes half the disk.",
)
@device_option
@env_option
@env_timeout_option
@in_process_option
@click.option("--floor/--no-floor", default=True, help="Add the rows logmel and random.")
@click.option(
    "--tracker",
    type=click.Choice(["mlflow", "wandb"]),
    help="Also log finished cells to a tracker: mlflow to MLFLOW_TRACKING_URI or ./mlruns, wandb "
    "offline to ./wandb or as WANDB_MODE says.",
)
@executor_options
@debug_option
@report_errors
def run(
    modules: Sequence[str],
    baselines: Sequence[str],
    tasks_dir: Path | None,
    tasks: Sequence[str],
    grid: str,
    mode: Mode,
    strict: bool,
    seed: int,
    seeds: int,
    out: Path | None,
    embedding_dtype: str,
    device: str,
    env: Sequence[str],
    env_timeout: float,
    in_process: bool,
    floor: bool,
    tracker: TrackerName | None,
    executor: ExecutorName,
    address: str | None,
    task_cpus: int | None,
    task_gpus: float | None,
    debug: bool,
) -> None:
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
    if env and not modules:
        raise ValueError("--env runs MODULEs in another Python: name at least one MODULE")
    check_baselines(baselines)
    if not env:
        check_modules(modules)
    # Heavy from here on: torch and SciPy.
    from benchmark.api import RUNS, evaluate
    from benchmark.cli.terminal import RunProgress, print_standings
    from benchmark.models.worker.interpreter import interpreters
    from benchmark.report.write import TABLES
    from benchmark.runner.tracking import Tracking
    from msssl_common.console import make_console

    out = out or RUNS / ("embedded" if tasks_dir is None else tasks_dir.resolve().name)
    console = make_console()
    with RunProgress(console) as progress:
        leaderboard = evaluate(
            modules,
            baselines=baselines,
            floors=floor,
            tasks=tasks,
            tasks_dir=tasks_dir,
            protocol=Protocol(grid, seed, mode, "strict" if strict else "published"),
            seeds=seeds,
            out=out,
            device=said_device(device) if executor == "local" else device,
            embedding_dtype=embedding_dtype,
            interpreters=interpreters(modules, env, env_timeout),
            in_process=in_process,
            executor=chosen_executor(executor, address, task_cpus, task_gpus),
            progress=progress,
            tracking=Tracking(tracker, partial(click.echo, err=True)) if tracker else None,
            command=f"msbench {shlex.join(sys.argv[1:])}",
            debug=debug,
        )
    print_standings(console, leaderboard)
    console.print(f"Written: {out}/{', '.join(TABLES)}", soft_wrap=True)
    if leaderboard.failures:
        sys.exit(SOME_FAILED)


main.add_command(hear_validator, "validate")
main.add_command(tasks)
main.add_command(cache)
main.add_command(export)
main.add_command(score)
main.add_command(bench)
main.add_command(report)
main.add_command(compare)
main.add_command(embed)


if __name__ == "__main__":
    main()
