"""Groups of rows over training seeds, in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.report.numbers import NONE
from benchmark.report.seed_groups import HOW_TO_READ, SeedGroups
from benchmark.report.tables.over_seeds import pair_lines, score_lines
from msssl_common.messages import one_printable_line, printable_name

STYLES = {"above": "green", "below": "red"}


def print_groups(console: Console, groups: SeedGroups) -> None:
    """Print a table of the groups, one of their pairs, and what must be said under them."""
    if groups.rows:
        console.print(_scores(groups))
        if groups.pairs:
            console.print(_pairs(groups))
        console.print(Text(HOW_TO_READ), soft_wrap=True)
    for caution in groups.cautions:
        console.print(Text(one_printable_line(caution)), soft_wrap=True)


def _scores(groups: SeedGroups) -> Table:
    """A row per task, as there are more tasks than groups."""
    table = Table("", title="Over training seeds", title_justify="left")
    for name in groups.rows:
        table.add_column(Text(printable_name(name)), justify="right")
    for task in groups.tasks:
        found = [task.of(name) for name in groups.rows]
        cells = ["\n".join(score_lines(score)) if score else NONE for score in found]
        table.add_row(_task(task.name, task.score), *map(Text, cells))
    return table


def _pairs(groups: SeedGroups) -> Table:
    table = Table("")
    for a, b in groups.pairs:
        table.add_column(Text(f"{printable_name(a)} − {printable_name(b)}"), justify="right")
    for task in groups.tasks:
        found = [task.between(a, b) for a, b in groups.pairs]
        cells = [
            Text("\n".join(pair_lines(pair)), STYLES.get(pair.verdict, "")) if pair else Text(NONE)
            for pair in found
        ]
        table.add_row(_task(task.name, task.score), *cells)
    return table


def _task(name: str, score: str) -> Text:
    return Text(f"{printable_name(name)}\n{score}")
