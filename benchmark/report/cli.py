"""``msbench report``: the tables of finished runs, from their files alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli_options import debug_option, one_line


@click.command()
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="DIR...",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write.  [default: DIR, if there is one only]",
)
@debug_option
@one_line
def report(folders: Sequence[Path], out: Path | None, debug: bool) -> None:
    """Write the leaderboard of the results folders DIR, offline, from their cells alone.

    Several folders become one table: their rows and columns, under one protocol (seeds may
    differ). Nothing is run, and neither tasks nor models are needed.

    \b
    Examples:
      msbench report results/embedded
      msbench report results/mine results/baselines --out results/both
    """  # noqa: D301 -- click wants the character behind \\b
    if out is None and len(folders) > 1:
        raise ValueError("Several folders make one table: say with --out where to write it.")
    from benchmark.report.standings import standings_of
    from benchmark.report.write import TABLES, write_report
    from benchmark.terminal import make_console, print_standings

    console = make_console()
    standings = standings_of(folders)
    out = out or folders[0]
    write_report(standings, out)
    print_standings(console, standings)
    console.print(f"Written: {out}/{', '.join(TABLES)}", soft_wrap=True)
