"""``msbench bench``: time the heads and scores beside hear-eval-kit and sed_eval."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import cast, get_args

import click

from benchmark.cli.options import (
    debug_option,
    device_option,
    grid_points_option,
    report_errors,
    said_device,
)
from benchmark.protocol import Mode
from msssl_common.messages import say


@click.group()
def bench() -> None:
    """Time heads and scores beside hear-eval-kit and sed_eval."""


def _modes(context: click.Context, parameter: click.Parameter, value: str) -> list[Mode]:
    modes = [name.strip() for name in value.split(",") if name.strip()]
    for mode in modes:
        if mode not in get_args(Mode):
            raise click.BadParameter(
                f"{mode!r} is not a mode; choose from {', '.join(get_args(Mode))}."
            )
    if not modes:
        raise click.BadParameter("name at least one mode.")
    return cast(list[Mode], modes)


runs_option = click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Number of runs; tables show medians.",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Also write the table to FILE.md, or to FILE.json with every run. May be given several "
    "times.",
)


@bench.command()
@click.argument("folders", nargs=-1, metavar="[DIR]...", type=click.Path(path_type=Path))
@click.option(
    "--grid",
    type=click.Choice(["default", "fast", "faster"]),
    default="faster",
    show_default=True,
    help="Hyperparameters to try for the heads.",
)
@grid_points_option
@runs_option
@click.option(
    "--upstream",
    metavar="COMMAND",
    default="",
    help="Command that runs heareval.predictions.runner, to compare with.",
)
@click.option(
    "--modes",
    callback=_modes,
    default="exact,fast",
    show_default=True,
    metavar="NAME,...",
    help="Modes to time.",
)
@device_option
@out_option
@debug_option
@report_errors
def heads(
    folders: Sequence[Path],
    grid: str,
    grid_points: int,
    runs: int,
    upstream: str,
    modes: list[Mode],
    device: str,
    out: Sequence[Path],
    debug: bool,
) -> None:
    """Time the heads of embedding folders in each mode, and by upstream.

    DIR is a task's folder of embeddings, as hear-eval-kit writes it. Without a DIR, the logmel
    baseline embeds the embedded suite. The sides take turns. Exact mode is also compared with a
    bare loop of its training steps, and with their matrix products alone, which every
    implementation needs. The machine should be idle otherwise.

    \b
    Examples:
      msbench bench heads embeddings/my_module/esc50-v2.0.0-full --grid default
      msbench bench heads --upstream "heareval/bin/python tests/parity/run_heareval.py predictions"
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.speed.heads import Findings, Plan, heads_report, run_plan
    from benchmark.speed.inputs import embedded_folders
    from msssl_common.console import make_console
    from msssl_common.report import check_report_path, print_report, write_report

    for path in out:
        check_report_path(path)
    console = make_console()
    with nullcontext(folders) if folders else embedded_folders(console) as chosen:
        plan = Plan(
            chosen, grid, grid_points, runs, modes, shlex.split(upstream), said_device(device)
        )

        def keep(found: Findings) -> None:
            for path in out:
                write_report(heads_report(plan, found), path)

        try:
            found = run_plan(plan, say, keep)
        except KeyboardInterrupt:
            raise click.Abort from None
    print_report(console, heads_report(plan, found))


@bench.command(short_help="Time event scores beside sed_eval.")
@runs_option
@out_option
@debug_option
@report_errors
def scores(runs: int, out: Sequence[Path], debug: bool) -> None:
    """Time event scores beside sed_eval, and post-processing beside SciPy's median filter.

    Input: 14 clips of 120 s, each with 40 reference events and 40, 300 or 1000 predicted ones.
    sed_eval is called as hear-eval-kit calls it. If it is not installed, ours is measured alone.

    \b
    Example:
      msbench bench scores --runs 3
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.speed.scores import scores_report
    from msssl_common.console import make_console
    from msssl_common.report import check_report_path, print_report, write_report

    for path in out:
        check_report_path(path)
    report = scores_report(runs, say)
    print_report(make_console(), report)
    for path in out:
        write_report(report, path)
