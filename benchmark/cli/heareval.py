"""``msbench export`` and ``msbench score``: exchange with hear-eval-kit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli.options import (
    SOME_FAILED,
    debug_option,
    device_option,
    grid_option,
    grid_points_option,
    mode_option,
    report_errors,
    said_device,
    seed_option,
    strict_option,
    tasks_dir_option,
    tasks_option,
)
from benchmark.protocol import Mode, Protocol


@click.command(short_help="Write the embeddings of tasks for hear-eval-kit.")
@click.argument("modules", nargs=-1, required=True, metavar="MODULE...")
@click.option(
    "--format",
    "layout",
    type=click.Choice(["heareval"]),
    default="heareval",
    show_default=True,
    help="Layout of the folders: heareval is hear-eval-kit's.",
)
@tasks_dir_option
@tasks_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the embeddings: OUT/MODULE/TASK for each task.",
)
@device_option
@debug_option
@report_errors
def export(
    modules: Sequence[str],
    layout: str,
    tasks_dir: Path | None,
    tasks: Sequence[str],
    out: Path,
    device: str,
    debug: bool,
) -> None:
    """Embed tasks with every MODULE, and write them as hear-eval-kit reads them.

    MODULE is as for msbench run, and embeddings come from the same cache. A task's folder appears
    when it is complete. Folders of an earlier export are kept.

    \b
    Examples:
      msbench export msssl_hear --out embeddings
      python -m heareval.predictions.runner embeddings/msssl_hear/*
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.heareval.export_folder import export_tasks
    from benchmark.tasks.find import choose, find_tasks
    from msssl_common.console import bar, make_console

    console = make_console()
    with bar(console, "Making the embedded tasks, once") as advance:
        chosen = choose(find_tasks(tasks_dir, advance), tasks)
    device = said_device(device)
    failures = [export_tasks(spec, chosen, out, device, console, debug) for spec in modules]
    if any(failures):
        sys.exit(SOME_FAILED)


@click.command(short_help="Score embeddings in hear-eval-kit's folders.")
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR..."
)
@grid_option
@mode_option
@strict_option
@seed_option
@grid_points_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Score file, for one DIR.  [default: test.predicted-scores.json in DIR]",
)
@click.option("--force", is_flag=True, help="Overwrite scores of another tool or protocol.")
@device_option
@debug_option
@report_errors
def score(
    folders: Sequence[Path],
    grid: str,
    mode: Mode,
    strict: bool,
    seed: int,
    grid_points: int,
    out: Path | None,
    force: bool,
    device: str,
    debug: bool,
) -> None:
    """Train heads on the embeddings in every DIR and write hear-eval-kit's score file.

    DIR holds one task's embeddings, from heareval.embeddings.runner or msbench export. The file is
    test.predicted-scores.json. It has upstream's keys, and the protocol under "msbench".

    \b
    Examples:
      msbench score embeddings/hearbaseline/esc50-v2.0.0-full
      msbench score embeddings/my_module/* --mode exact --grid faster
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.heareval.score_folder import score_folders
    from msssl_common.console import make_console

    if out is not None and len(folders) > 1:
        raise ValueError(
            f"--out {out} is one file for {len(folders)} folders: leave it out, "
            "or score one folder."
        )
    protocol = Protocol(grid, seed, mode, "strict" if strict else "published", grid_points)
    if score_folders(folders, protocol, out, force, said_device(device), make_console(), debug):
        sys.exit(SOME_FAILED)
