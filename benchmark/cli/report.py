"""``msbench report``: write the tables of finished runs from their files."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.group_option import group_option
from benchmark.cli.options import debug_option, report_errors, results_folders_argument

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.report.seed_groups import WantedGroups


@click.command()
@results_folders_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to.  [default: DIR, if there is only one]",
)
@click.option("--title", default="", help="Of the page.  [default: from tasks, rows and date]")
@group_option
@click.option("--plots", is_flag=True, help="Also draw pictures into plots/ (needs matplotlib).")
@click.option(
    "--tasks-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="With --plots: folder of the tasks, for spectrograms of event tasks.",
)
@debug_option
@report_errors
def report(
    folders: Sequence[Path],
    out: Path | None,
    title: str,
    groups: Mapping[str, Sequence[str]],
    plots: bool,
    tasks_dir: Path | None,
    debug: bool,
) -> None:
    """Write the leaderboard of one or several results folders DIR.

    Several folders become one table. Their protocols must be equal, but seeds may differ. Only
    cells and predictions are needed, no tasks and no models. Intervals take seconds, or minutes for
    tasks scored by mAP on many clips. Of a few-shot curve's folder (shots-1,
    shots-4, ...), the tables and the curve are drawn again. Groups are kept in groups.yaml of the
    folder written to, and are there the next time, too.

    \b
    Examples:
      msbench report results/embedded --plots
      msbench report results/mine results/baselines --out results/both
      msbench report results/seeds --group 'multi=multi-*' --group 'cola=cola-*'
    """  # noqa: D301 -- click wants the character behind \\b
    if out is None and len(folders) > 1:
        raise ValueError("Several folders make one table: name a folder for it with --out.")
    from benchmark.report.few_shot import shots_folders
    from msssl_common.console import make_console
    from msssl_common.files import check_writable, remove_leftovers

    if plots:
        _check_matplotlib()  # before the intervals, which can take minutes
    out = out or folders[0]
    by_shots = shots_folders(folders)
    check_writable(out)
    remove_leftovers(out)
    console = make_console()
    if by_shots:
        if groups:
            raise ValueError("--group is for one table, and these are few-shot curves")
        _report_few_shot(console, by_shots, out, title, plots)
    else:
        from benchmark.report.seed_groups import WantedGroups, kept_groups

        wanted = WantedGroups(groups) if groups else kept_groups(out)
        _report_table(console, folders, out, title, wanted, plots, tasks_dir)


def _report_table(
    console: Console,
    folders: Sequence[Path],
    out: Path,
    title: str,
    groups: WantedGroups | None,
    plots: bool,
    tasks_dir: Path | None,
) -> None:
    from benchmark.cli.terminal_groups import print_groups
    from benchmark.cli.terminal_table import print_standings
    from benchmark.report.seed_groups import keep_groups
    from benchmark.report.standings import read_leaderboard
    from benchmark.report.write import SEED_TABLES, TABLES, write_report
    from msssl_common.console import bar

    with bar(console, "Resampling test clips") as advance:
        standings = read_leaderboard(folders, advance, title, groups)
    pictures = []
    if plots:
        from benchmark.report.plots import write_plots

        pictures = write_plots(standings, folders, out, tasks_dir)
    write_report(standings, out, pictures)
    print_standings(console, standings)
    written = list(TABLES)
    if groups and standings.over_seeds:
        if not groups.kept:
            keep_groups(out, groups.rows)
        print_groups(console, standings.over_seeds)
        written += SEED_TABLES if standings.over_seeds.rows else []
    console.print(f"Written: {out}/{', '.join(written)}", soft_wrap=True)
    if plots:
        console.print(f"Written: {len(pictures)} pictures in {out / 'plots'}", soft_wrap=True)


def _report_few_shot(
    console: Console, folders: Mapping[int, Sequence[Path]], out: Path, title: str, plots: bool
) -> None:
    """Tables of every number of training clips, and the curve."""
    from benchmark.cli.few_shot import print_curve
    from benchmark.report.few_shot import read_boards, shots_folder
    from benchmark.report.write import write_few_shot_report
    from msssl_common.console import bar

    with bar(console, "Resampling test clips") as advance:
        boards = read_boards(folders, advance, title)
    pictures = None
    if plots:
        from benchmark.report.plots import write_plots

        pictures = {
            shots: write_plots(board, folders[shots], shots_folder(out, shots))
            for shots, board in boards.items()
        }
    print_curve(console, write_few_shot_report(boards, out, pictures))
    console.print(f"Written: {out}/few_shot.md", soft_wrap=True, markup=False)


def _check_matplotlib() -> None:
    if importlib.util.find_spec("matplotlib") is None:
        raise FileNotFoundError(
            "Pictures need matplotlib, which is not installed: pip install 'msssl-hear[plots]'."
        )
