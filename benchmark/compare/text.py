"""A comparison as a table for terminals and in Markdown."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.compare.comparison import Comparison, Difference
from benchmark.report.notes import score_name
from benchmark.report.numbers import score_text
from benchmark.report.tables.markdown import escape, markdown_table
from msssl_common.messages import printable_name

HEAD = ("row", "task", "score", "A", "B", "B − A [95 %]", "p", "B is")
STYLES = {"worse": "red", "fails now": "red", "better": "green", "works now": "green"}
HOW_TO_READ = (
    "B − A with its 95 % interval: the same resampled test clips for both. p: paired bootstrap "
    "test, after Holm's correction for all tests of the table; significant from 0.05 down."
)


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print the table, what else changed, and the summary last."""
    table = Table(*HEAD[:3])
    for name in HEAD[3:7]:
        table.add_column(name, justify="right")
    table.add_column(HEAD[7])
    for difference in comparison.differences:
        style = STYLES.get(difference.verdict, "")
        *cells, verdict = _cells(difference)
        table.add_row(*(Text(printable_name(cell)) for cell in cells), Text(verdict, style))
    console.print(table)
    for line in _below(comparison):
        console.print(Text(line), soft_wrap=True)
    console.print(Text(comparison.summary), soft_wrap=True)


def comparison_markdown(comparison: Comparison) -> str:
    """The same for GitHub."""
    cells = [_cells(row) for row in comparison.differences]
    rows = [
        [
            *(escape(printable_name(name)) for name in row[:3]),
            *(number.replace("<", "&lt;") for number in row[3:]),
        ]
        for row in cells
    ]
    a, b = (escape(folder.resolve().name) for folder in (comparison.a, comparison.b))
    lines = [
        f"# {a} (A) and {b} (B)",
        escape(comparison.summary),
        "\n".join(markdown_table(HEAD, rows)),
        "\n".join(f"- {escape(line)}" for line in _below(comparison)),
    ]
    return "\n\n".join(lines) + "\n"


def _below(comparison: Comparison) -> list[str]:
    """Lines under the table."""
    reasons = [
        f"{difference.place.name}: {difference.untested}."
        for difference in comparison.differences
        if difference.untested
    ]
    tested = any(not math.isnan(difference.p) for difference in comparison.differences)
    changed = [f"Changed: {change}." for change in comparison.changes]
    return [
        *([HOW_TO_READ] if tested else []),
        *(changed or ["Changed beside the scores: nothing that the cells record."]),
        *comparison.only,
        *reasons,
        *comparison.cautions,
    ]


def _cells(difference: Difference) -> list[str]:
    task = difference.place.task
    return [
        difference.place.row,
        task.task,
        score_name(task),
        _score(difference.a),
        _score(difference.b),
        _change(difference),
        _p(difference.p),
        difference.verdict,
    ]


def _score(value: float | None) -> str:
    return "failed" if value is None else score_text(value)


def _change(difference: Difference) -> str:
    """``"-0.012 [-0.020, -0.004]"``; the sign is there for rises too."""
    if difference.change is None or math.isnan(difference.change):
        return ""
    if difference.interval is None:
        return _signed(difference.change)
    low, high = map(_signed, difference.interval)
    return f"{_signed(difference.change)} [{low}, {high}]"


def _signed(value: float) -> str:
    text = score_text(value)
    return text if text.startswith("-") or not value > 0 or float(text) == 0 else f"+{text}"


def _p(p: float) -> str:
    if math.isnan(p):
        return ""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
