"""``msbench compare``: what changed between two results folders."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmark.cli.options import debug_option, report_errors
from msssl_common.messages import say

GOT_WORSE = 1


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--rows",
    nargs=2,
    metavar="X Y",
    help="Compare row X of A with row Y of B, by label or module; A and B may be the same folder.",
)
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the comparison to FILE.",
)
@click.option("--force", is_flag=True, help="Compare even if a task itself was changed.")
@debug_option
@report_errors
def compare(
    a: Path,
    b: Path,
    rows: tuple[str, str] | None,
    markdown: Path | None,
    force: bool,
    debug: bool,
) -> None:
    """Test what changed from results folder A to results folder B.

    Every module and task of both folders is compared on the same resampled test clips. The
    protocols may differ. Other differences are listed: weights, hyperparameters, versions, machine.
    Only cells and predictions are needed.

    Exit status 0: nothing got significantly worse; 1: something did, or fails where it did not, or
    a result is damaged; 2: the two cannot be compared.

    \b
    Examples:
      msbench compare results/before results/after
      msbench compare results/embedded results/embedded --rows cola multi --markdown rows.md
    """  # noqa: D301 -- click wants the character behind \\b
    from benchmark.compare.comparison import compare_results
    from benchmark.compare.text import comparison_markdown, print_comparison
    from msssl_common.console import make_console
    from msssl_common.files import check_writable, remove_leftovers, write_text
    from msssl_common.messages import one_printable_line

    if markdown:
        check_writable(markdown.parent)
        remove_leftovers(markdown.parent)
    comparison = compare_results(a, b, rows, force)
    print_comparison(make_console(), comparison)
    if markdown:
        write_text(markdown, comparison_markdown(comparison))
    for sentence in comparison.damaged:
        say(f"Damaged: {one_printable_line(sentence)}", err=True)
    if comparison.worse or comparison.damaged:
        sys.exit(GOT_WORSE)
