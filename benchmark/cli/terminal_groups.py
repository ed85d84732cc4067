"""Groups of rows over training seeds, in a terminal: a line per task and group, or pair."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.report.numbers import NONE, p_text
from benchmark.report.seed_groups import HOW_TO_READ, SeedGroups, interval_text, signed
from benchmark.report.tables.over_seeds import mean_text
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
    table = _table("task", "group", "mean ± SD", "95 % interval", "encoders")
    for task in groups.tasks:
        for name in groups.rows:
            score = task.of(name)
            numbers = [mean_text(score), interval_text(score.interval)] if score else [NONE, ""]
            count = str(len(score.rows)) if score else ""
            first = printable_name(task.name) if name == next(iter(groups.rows)) else ""
            table.add_row(*map(Text, (first, printable_name(name), *numbers, count)))
        table.add_section()
    return table


def _pairs(groups: SeedGroups) -> Table:
    table = _table("task", "a − b", "difference", "95 % interval", "p (Holm)")
    table.add_column("a is")
    for task in groups.tasks:
        for a, b in groups.pairs:
            pair = task.between(a, b)
            first = printable_name(task.name) if (a, b) == groups.pairs[0] else ""
            cells = [first, f"{printable_name(a)} − {printable_name(b)}"]
            if pair is None:
                table.add_row(*map(Text, (*cells, NONE)))
                continue
            bounds = interval_text(pair.interval, sign=True)
            cells += [signed(pair.value), bounds, p_text(pair.adjusted)]
            style = STYLES.get(pair.verdict, "")
            table.add_row(*map(Text, cells), Text(pair.verdict, style))
        table.add_section()
    return table


def _table(*head: str) -> Table:
    """The first two columns to the left, numbers to the right."""
    table = Table(*head[:2])
    for name in head[2:]:
        table.add_column(name, justify="right")
    return table
