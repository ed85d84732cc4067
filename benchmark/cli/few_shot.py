"""The table that ``msbench run --shots`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.report.few_shot import FewShotScore, few_shot_sentence
from benchmark.report.numbers import score_text


def print_curve(console: Console, curve: Sequence[FewShotScore]) -> None:
    """A row per task and module, a column per number of clips."""
    numbers = sorted({point.shots for point in curve})
    points = {(point.task, point.label, point.shots): point for point in curve}
    table = Table()
    table.add_column("task")
    table.add_column("row")
    for number in numbers:
        table.add_column(Text(f"{number} per class"), justify="right")
    for task, label in dict.fromkeys((point.task, point.label) for point in curve):
        shown = [_shown(points.get((task, label, number))) for number in numbers]
        table.add_row(Text(task), Text(label), *shown)
    console.print(Text(few_shot_sentence(curve).replace("`", "")), soft_wrap=True)
    console.print(table)


def _shown(point: FewShotScore | None) -> str:
    if point is None or point.value is None:
        return "–" if point is None else "failed"
    if point.low is None or point.high is None:
        return score_text(point.value)
    return f"{score_text(point.value)} ({score_text(point.low)}–{score_text(point.high)})"
