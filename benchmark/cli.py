"""``msbench``: compare HEAR modules on tasks; also checks a module and lists tasks.

Nothing heavy is imported before a command needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar, get_args

import click

from benchmark.cache_cli import cache
from benchmark.protocol import SEED, Mode, Protocol

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.tasks.find import UnreadableTask
    from benchmark.tasks.task import Task

SOME_CELL_FAILED = 1
USAGE = 2
INTERRUPTED = 130  # as shells report SIGINT

P = ParamSpec("P")
R = TypeVar("R")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Compare audio embeddings on scene, event and pitch tasks by HEAR's downstream protocol."""


def _one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what went wrong into one line on stderr and an exit status, unless ``--debug``."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (ValueError, OSError) as error:
            if kwargs.get("debug"):
                raise
            click.echo(f"Error: {' '.join(str(error).split())}", err=True)
            sys.exit(USAGE)

    return wrapped


def _names(context: click.Context, parameter: click.Parameter, value: str | None) -> list[str]:
    return [name.strip() for name in (value or "").split(",") if name.strip()]


tasks_dir_option = click.option(
    "--tasks-dir",
    type=click.Path(path_type=Path),
    help="Folder of tasks in HEAR's format, or one task.  [default: the embedded suite]",
)


@main.command()
@click.argument("modules", nargs=-1, metavar="[MODULE]...")
@click.option(
    "--baselines",
    callback=_names,
    metavar="NAME,...",
    help="Bundled baselines to compare with, e.g. cola,panns.",
)
@tasks_dir_option
@click.option(
    "--tasks", callback=_names, metavar="NAME,...", help="Only these tasks.  [default: all]"
)
@click.option(
    "--grid",
    type=click.Choice(["default", "fast", "faster"]),
    default="default",
    show_default=True,
    help="Grid of the heads; default is HEAR's published protocol, the others are quicker.",
)
@click.option(
    "--mode",
    type=click.Choice(get_args(Mode)),
    default=Protocol.mode,
    show_default=True,
    help="exact is hear-eval-kit's arithmetic; fast trains a grid's heads together.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Mend upstream's faults on which the published numbers depend; see benchmark.heads.",
)
@click.option("--seed", default=SEED, show_default=True, help="Seed of the heads; HEAR's is 42.")
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Repeat the heads with N seeds: --seed, the next one, and so on.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Results folder.  [default: results/embedded, or results/ and the tasks folder's name]",
)
@click.option(
    "--embedding-dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Type in which embeddings are kept; float16 takes half the disk.",
)
@click.option("--device", default="cpu", show_default=True, help="Torch device of the modules.")
@click.option("--floor/--no-floor", default=True, help="Add the rows logmel and random.")
@click.option("--debug", is_flag=True, help="Show the traceback of whatever fails.")
@_one_line
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
    floor: bool,
    debug: bool,
) -> None:
    """Embed tasks with every MODULE, train HEAR's shallow heads, and write a leaderboard.

    MODULE is the import name of a HEAR module (also one in the current folder), or
    MODULE=CHECKPOINT for weights that its load_model takes; without any, msssl_hear is run.

    A run that was stopped goes on where it was; a cell that failed is tried again. Exit status 0:
    every cell is there; 1: some failed, and the table says why; 2: nothing could be run.

    \b
    Examples:
      msbench run --baselines cola,panns
      msbench run my_module my_module=other.pt --tasks-dir hear/tasks --grid default
      msbench run --tasks-dir hear/tasks --tasks esc50-v2.0.0-full --out results/esc50
      msbench run my_module --seeds 5 --mode exact
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.rows import row_specs

    specs = row_specs(modules, baselines, floor)
    # Heavy from here on: torch and scikit-learn.
    from benchmark.run import Run
    from benchmark.run import run as run_plan
    from benchmark.terminal import RunProgress, make_console, print_leaderboard

    console = make_console()
    chosen = _choose(_tasks(tasks_dir, console), tasks)
    name = "embedded" if tasks_dir is None else tasks_dir.resolve().name
    out = out or Path("results") / name
    plan = Run(
        specs=specs,
        tasks=chosen,
        out=out,
        protocol=Protocol(grid, seed, mode, "strict" if strict else "published"),
        seeds=seeds,
        embedding_dtype=embedding_dtype,
        device=device,
        command=f"msbench {shlex.join(sys.argv[1:])}",
        debug=debug,
    )
    try:
        with RunProgress(console, len(specs) * len(chosen) * seeds) as progress:
            board = run_plan(plan, progress)
    except KeyboardInterrupt:
        click.echo("Stopped: the same command goes on from here.", err=True)
        sys.exit(INTERRUPTED)
    print_leaderboard(console, board)
    console.print(f"Written: {out}/leaderboard.md, leaderboard.csv, scores.csv", soft_wrap=True)
    if any(entry.reason for entry in board.entries.values()):
        sys.exit(SOME_CELL_FAILED)


@main.command()
@click.argument("module")
@click.option("--model", "-m", default="", metavar="PATH", help="Checkpoint for its load_model.")
@click.option("--device", "-d", default="cpu", show_default=True, help="Torch device.")
@click.pass_context
def validate(context: click.Context, module: str, model: str, device: str) -> None:
    """Check that MODULE keeps to the HEAR API, as hear-validator does."""
    from benchmark.validator.cli import main as hear_validator

    context.invoke(hear_validator, module=module, model=model, device=device)


@main.group()
def tasks() -> None:
    """Look at tasks."""


@tasks.command("ls")
@tasks_dir_option
@click.option("--debug", is_flag=True, help="Show the traceback of whatever fails.")
@_one_line
def list_tasks(tasks_dir: Path | None, debug: bool) -> None:
    """List the tasks of a folder, or of the embedded suite."""
    from benchmark.tasks.find import UnreadableTask
    from benchmark.terminal import make_console

    for task in _tasks(tasks_dir, make_console()):
        if isinstance(task, UnreadableTask):
            click.echo(f"{task.full_name:<36} cannot be read: {task.reason}")
            continue
        length = "any length" if task.sample_duration is None else f"{task.sample_duration:g} s"
        scores = ", ".join(task.evaluation)
        kind = f"{task.family}, {task.prediction_type}, {task.split_mode}"
        click.echo(
            f"{task.full_name:<36} {kind}, {len(task.vocabulary)} classes, {length}; {scores}"
        )


def _tasks(tasks_dir: Path | None, console: Console) -> list[Task | UnreadableTask]:
    """The tasks of a folder, or the embedded suite, made if this is its first use."""
    from benchmark.tasks.find import find_tasks

    if tasks_dir is not None:
        return find_tasks(tasks_dir)
    from benchmark.tasks.embedded.suite import embedded_suite
    from benchmark.tasks.task import read_task
    from benchmark.terminal import bar

    with bar(console, "Making the embedded tasks, once") as advance:
        return [read_task(folder) for folder in embedded_suite(progress=advance)]


def _choose(
    found: list[Task | UnreadableTask], names: Sequence[str]
) -> list[Task | UnreadableTask]:
    """The tasks named, by folder name or by the task name in it; all if none is named."""
    from benchmark.tasks.find import UnreadableTask

    def called(task: Task | UnreadableTask) -> set[str]:
        own = set() if isinstance(task, UnreadableTask) else {task.name}
        return {task.full_name} | own

    for name in names:
        if not any(name in called(task) for task in found):
            there = ", ".join(task.full_name for task in found)
            raise ValueError(f"No task named {name!r}; there are {there}")
    return [task for task in found if not names or called(task) & set(names)]


main.add_command(cache)


if __name__ == "__main__":
    main()
