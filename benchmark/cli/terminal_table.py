"""The leaderboard in a terminal, in the widest of three forms that fits.

All scores, a row per model; the same turned, a row per task; or, where neither fits, each model's
overall score, how often it is among the best, and its worst task.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.report.notes import protocol_in_short, score_name, table_notes
from benchmark.report.numbers import score_text
from benchmark.report.standings import Leaderboard
from benchmark.report.tables.markdown import score_and_ranks
from benchmark.results.cells import TaskFacts
from msssl_common.messages import printable_name

RANKS = (
    "(1–3): ranks among the rows run here that tests on resampled clips leave open; bold: none of "
    "these rows is significantly better."
)
TURNED = "A row is a task, as the models do not fit beside the tasks: leaderboard.md has both ways."
IN_SHORT = (
    "The scores of all {tasks} tasks do not fit this terminal: they are in leaderboard.md and "
    "leaderboard.html. best on: tasks where no row run here is significantly better."
)
LABEL_WIDTH = 28  # characters


def print_standings(console: Console, standings: Leaderboard) -> None:
    """Print scores with their rank ranges, and what must be said under them."""
    board = standings.board
    whole, turned = _whole(standings), _turned(standings)
    console.print(Text(protocol_in_short(board)), soft_wrap=True)
    if _fits(console, whole):
        console.print(whole)
    elif _fits(console, turned):
        console.print(turned)
        console.print(Text(TURNED), soft_wrap=True)
    else:
        console.print(_in_short(standings))
        console.print(Text(IN_SHORT.format(tasks=len(board.tasks))), soft_wrap=True)
    if standings.comparisons:
        console.print(Text(RANKS), soft_wrap=True)
    for note in [*table_notes(board), *standings.cautions]:
        console.print(Text(note), soft_wrap=True)


def _fits(console: Console, table: Table) -> bool:
    """Whether a table keeps its words whole: a console narrows what is too wide."""
    unlimited = console.options.update(width=100_000)
    return console.measure(table, options=unlimited).maximum <= console.width


def _whole(standings: Leaderboard) -> Table:
    """A row per model, a column per task."""
    board = standings.board
    table = Table()
    table.add_column("")
    for task in board.tasks:
        table.add_column(Text(f"{_name(task)}\n{score_name(task)}"), justify="right")
    if standings.overall:
        table.add_column(Text("normalised\nscore ↑"), justify="right")
    for module in board.modules:
        scores = [_score(standings, module.label, task.task) for task in board.tasks]
        table.add_row(
            Text(printable_name(module.label)), *scores, *_overall(standings, module.label)
        )
    return table


def _turned(standings: Leaderboard) -> Table:
    """A row per task, a column per model; long names are broken."""
    board = standings.board
    table = Table()
    table.add_column("")
    for module in board.modules:
        label = printable_name(module.label)
        lines = [label] if len(label) <= LABEL_WIDTH else label.split()
        table.add_column(Text("\n".join(lines)), justify="right")
    if standings.overall:
        cells = [cell for m in board.modules for cell in _overall(standings, m.label)]
        table.add_row("normalised score ↑", *cells, end_section=True)
    for task in board.tasks:
        name = Text(f"{_name(task)}  {score_name(task)}")
        table.add_row(name, *(_score(standings, m.label, task.task) for m in board.modules))
    return table


def _in_short(standings: Leaderboard) -> Table:
    """A row per model: overall score, on how many tasks it is among the best, its worst task."""
    board = standings.board
    table = Table()
    table.add_column("")
    if standings.overall:
        table.add_column(Text("normalised\nscore ↑"), justify="right")
    table.add_column("best on", justify="right")
    table.add_column("worst task", overflow="fold")
    for module in board.modules:
        best = sum(standings.is_best(module.label, task.task, here=True) for task in board.tasks)
        table.add_row(
            Text(printable_name(module.label), overflow="fold"),
            *_overall(standings, module.label),
            f"{best} of {len(board.tasks)}",
            _worst(standings, module.label),
        )
    return table


def _worst(standings: Leaderboard, label: str) -> Text:
    """A failed task, else the one with the last ranks; nothing where there are no ranks."""
    places = {task.task: standings.standings[label, task.task] for task in standings.board.tasks}
    failed = [name for name, place in places.items() if place.entry.reason and not place.not_run]
    if failed:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return Text(f"{printable_name(failed[0])}: failed{more}", style="red")
    ranked = {name: place.ranks for name, place in places.items() if place.ranks}
    if not ranked:
        return Text("–")
    worst = max(ranked, key=ranked.__getitem__)
    return Text(f"{printable_name(worst)}: {score_and_ranks(standings, label, worst)}")


def _name(task: TaskFacts) -> str:
    return printable_name(task.task) + (" †" if task.notice else "")


def _overall(standings: Leaderboard, label: str) -> list[str]:
    """The normalised score; nothing where no row has one."""
    if not standings.overall:
        return []
    overall = standings.overall_of(label)
    return [score_text(overall.normalised, 2) if overall else "–"]


def _score(standings: Leaderboard, label: str, task: str) -> Text:
    failed = standings.standings[label, task].entry.reason is not None
    style = "red" if failed else "bold" if standings.is_best(label, task, here=True) else ""
    return Text(score_and_ranks(standings, label, task), style=style)
