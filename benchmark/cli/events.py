"""``msbench events``: which classes of events are found, and in which files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import debug_option, report_errors, results_folders_argument

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.report.event_breakdown import Breakdown


@click.command()
@results_folders_argument
@click.option(
    "--row",
    "rows",
    multiple=True,
    metavar="LABEL",
    help="Only this row, or rows of a pattern as in 'multi*'. May be given several times.",
)
@click.option(
    "--score",
    type=click.Choice(
        ["event_onset_200ms_fms", "event_onset_50ms_fms", "event_onset_offset_50ms_20perc_fms"]
    ),
    default="event_onset_200ms_fms",
    show_default=True,
    help="Which rule matches predicted and annotated events.",
)
@click.option(
    "--files-by",
    metavar="REGEX",
    help="Group test files by what this regular expression finds in their names. "
    "[default: the event-to-background ratio in DCASE 2016 task 2]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Also write FILE.md, or FILE.csv with all counts of every class. May be given several "
    "times.",
)
@debug_option
@report_errors
def events(
    folders: Sequence[Path],
    rows: Sequence[str],
    score: str,
    files_by: str | None,
    out: Sequence[Path],
    debug: bool,
) -> None:
    """Show which classes of events the rows of results folders DIR find.

    F-measures with intervals for each class and group of files, and what becomes of the events that
    are missed: taken for another class, found at the wrong time, or not noticed. With a single row
    the second table has a line for each class. Only cells and predictions are needed.

    \b
    Examples:
      msbench events results/mine
      msbench events results/mine --row multi --files-by '_poly_([01])' --out events.md
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.report.event_breakdown import event_breakdown
    from benchmark.report.tables.event_breakdown import breakdown_csv, breakdown_markdown
    from msssl_common.console import make_console
    from msssl_common.files import check_writable, write_text

    for path in out:
        if path.suffix not in (".md", ".csv"):
            raise ValueError(f"{path}: the name must end in .md or .csv")
        check_writable(path.parent)
    found = event_breakdown(folders, score, files_by, rows)
    _print(make_console(), found)
    for path in out:
        write_text(path, (breakdown_csv if path.suffix == ".csv" else breakdown_markdown)(found))


def _print(console: Console, found: Breakdown) -> None:
    from rich.table import Table
    from rich.text import Text

    from benchmark.report.tables.event_breakdown import (
        ERRORS_HEAD,
        error_cells,
        f_measure_cells,
        notes,
    )
    from msssl_common.messages import one_printable_line, printable_name

    def show(head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        table = Table()
        for place, name in enumerate(head):
            table.add_column(Text(printable_name(name)), justify="right" if place else "left")
        for name, *cells in lines:
            table.add_row(Text(printable_name(name)), *map(Text, cells))
        console.print(table)

    for task in found.tasks:
        console.print(Text(f"{printable_name(task.task)}, {task.score}"), soft_wrap=True)
        show(["", *task.rows], list(f_measure_cells(task, "\n")))
        show(ERRORS_HEAD, list(error_cells(task)))
    for line in notes(found):
        console.print(Text(one_printable_line(line)), soft_wrap=True)
