"""``mspretrain bench``: crops per second of the pipeline, the encoder and both together."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from msssl_common.messages import explain_error
from pretrain.cli.options import RECIPE_HELP, device_option


@click.command(short_help="Time a training step.")
@click.option("--recipe", required=True, metavar="NAME|FILE", help=RECIPE_HELP)
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of audio or of shards, as for run.",
)
@click.option(
    "--batch-size", type=click.IntRange(min=2), help="Clips per step.  [default: the recipe's]"
)
@device_option
@click.option(
    "--reader", type=click.Choice(["memory", "stream"]), help="How to read shards, as for run."
)
@click.option("--compile", "compiled", is_flag=True, help="Compile the encoder, as for run.")
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Number of runs; tables show medians.",
)
@click.option(
    "--steps", type=click.IntRange(min=1), default=3, show_default=True, help="Steps per run."
)
@click.option(
    "--authors",
    metavar="COMMAND",
    default="",
    help="Also time the authors' pipeline, by a program in an environment with librosa.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Also write the table to FILE.md, or to FILE.json with every run. May be given several "
    "times.",
)
def bench(
    recipe: str,
    data: Path,
    batch_size: int | None,
    device: str,
    reader: Literal["memory", "stream"] | None,
    compiled: bool,
    runs: int,
    steps: int,
    authors: str,
    out: tuple[Path, ...],
) -> None:
    """Time a training step, and the share of it that is not the encoder.

    On a CPU it uses one thread and counts processor time, which other programs disturb less.

    \b
    Examples:
      mspretrain bench --recipe multi --data my-audio
      mspretrain bench --recipe paper --data my-audio \\
        --authors "ENVIRONMENT/bin/python tests/parity/authors_pipeline.py"
    """  # noqa: D301 -- click wants the character behind \\b
    from msssl_common.memory import keep_freed_memory

    keep_freed_memory()
    from msssl_common.console import make_console
    from msssl_common.report import check_report_path, print_report, write_report
    from pretrain.recipe_files import find_recipe, read_recipe
    from pretrain.tools.speed.run import run_bench
    from pretrain.tools.speed.table import throughput_report

    try:
        for path in out:
            check_report_path(path)
        chosen = read_recipe(find_recipe(recipe))
        if batch_size is not None:
            chosen = replace(chosen, run=replace(chosen.run, batch_size=batch_size))
        setting, found = run_bench(
            chosen, data, device, reader, compiled, runs, steps, shlex.split(authors)
        )
        report = throughput_report(setting, found)
        print_report(make_console(), report)
        for path in out:
            write_report(report, path)
    except (ValueError, OSError, FloatingPointError, RuntimeError) as error:
        raise click.ClickException(explain_error(error)) from None
