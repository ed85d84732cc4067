"""``msbench compare``: two results folders, or groups of encoders of one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmark.cli.group_option import group_option
from benchmark.cli.options import debug_option, report_errors
from msssl_common.messages import say

GOT_WORSE = 1


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path), required=False)
@click.option(
    "--rows",
    nargs=2,
    metavar="X Y",
    help="Compare row X of A with row Y of B, by label or module; A and B may be the same folder.",
)
@group_option
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
    b: Path | None,
    rows: tuple[str, str] | None,
    groups: Mapping[str, Sequence[str]],
    markdown: Path | None,
    force: bool,
    debug: bool,
) -> None:
    """Test what changed from results folder A to results folder B.

    Every module and task of both folders is compared on the same resampled test clips. The
    protocols may differ. Other differences are listed: weights, hyperparameters, versions, machine.
    Only cells and predictions are needed.

    With --group, training methods are compared instead: the rows of A (and B) that differ in the
    seed of their training make a group, and all pairs of groups are tested over training seeds and
    test clips.

    Exit status 0: nothing got significantly worse; 1: something did, or fails where it did not, or
    a result is damaged; 2: the two cannot be compared.

    \b
    Examples:
      msbench compare results/before results/after
      msbench compare results/embedded results/embedded --rows cola multi --markdown rows.md
      msbench compare results/seeds --group 'multi=multi-*' --group cola=cola-0,cola-1,cola-2
    """  # noqa: D301 -- click wants the character behind \\b
    if groups:
        if rows or force:
            raise ValueError("--group goes with neither --rows nor --force")
        _compare_groups([a] if b is None else [a, b], groups, markdown)
        return
    if b is None:
        raise ValueError("name two results folders, or groups of rows of one with --group")
    from benchmark.compare.comparison import compare_results
    from benchmark.compare.text import comparison_markdown, print_comparison
    from msssl_common.console import make_console
    from msssl_common.files import check_writable, remove_leftovers, write_text

    if markdown:
        check_writable(markdown.parent)
        remove_leftovers(markdown.parent)
    comparison = compare_results(a, b, rows, force)
    print_comparison(make_console(), comparison)
    if markdown:
        write_text(markdown, comparison_markdown(comparison))
    _say_damaged(comparison.damaged)
    if comparison.worse or comparison.damaged:
        sys.exit(GOT_WORSE)


def _compare_groups(
    folders: Sequence[Path], groups: Mapping[str, Sequence[str]], markdown: Path | None
) -> None:
    """Groups instead of two folders; a result that is damaged is the only bad news there is."""
    from benchmark.cli.terminal_groups import print_groups
    from benchmark.compare.groups import compare_groups
    from benchmark.report.tables.over_seeds import over_seeds_markdown
    from msssl_common.console import bar, make_console
    from msssl_common.files import check_writable, remove_leftovers, write_text

    if markdown:
        check_writable(markdown.parent)
        remove_leftovers(markdown.parent)
    console = make_console()
    with bar(console, "Resampling test clips") as advance:
        compared = compare_groups(folders, groups, advance)
    print_groups(console, compared.groups)
    if markdown:
        write_text(markdown, over_seeds_markdown(compared.groups))
    _say_damaged(compared.damaged)
    if compared.damaged:
        sys.exit(GOT_WORSE)


def _say_damaged(sentences: Sequence[str]) -> None:
    from msssl_common.messages import one_printable_line

    for sentence in sentences:
        say(f"Damaged: {one_printable_line(sentence)}", err=True)
