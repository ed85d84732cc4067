"""What checking a task told: as tables on a terminal, as plain lines, as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmark.tasks.check.check_task import TaskCheck
from benchmark.tasks.check.finding import SEVERITIES, Finding

LINES: Final = 10  # per kind of finding, unless all are asked for
STYLES: Final = {"error": "red", "warning": "yellow", "note": "dim"}


def print_check(console: Console, check: TaskCheck, everything: bool) -> None:
    """Print findings, class counts and chance levels: tables on a terminal, else plain lines."""
    limit = None if everything else LINES
    if console.is_terminal:
        _print_tables(console, check, limit)
        return
    name = check.task.full_name
    lines = [summary(check)]
    lines += [f"{severity}: {kind}: {text}" for severity, kind, text in _rows(check, limit)]
    lines += [f"labels: {counts}" for counts in _count_lines(check, limit)]
    lines.append(f"chance: {_chance(check)}")
    for line in lines:
        console.print(Text(f"{name}: {line}"), soft_wrap=True)


def summary(check: TaskCheck) -> str:
    """Number of findings and of clips, in a line."""
    found = ", ".join(_counted(check.number(severity), severity) for severity in SEVERITIES)
    splits = ", ".join(f"{split} {clips:,}" for split, clips in check.clips.items())
    clips, hours = sum(check.clips.values()), sum(check.hours.values())
    length = f"{hours:,.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"
    return f"{found}; {clips:,} clips, {length} ({splits})"


def as_json(checks: Sequence[TaskCheck]) -> str:
    """All of it, every finding included."""
    return json.dumps({"tasks": [_json(check) for check in checks]}, indent=1)


def _json(check: TaskCheck) -> dict[str, Any]:
    return {
        "task": check.task.full_name,
        "folder": str(check.task.folder),
        **{f"{severity}s": check.number(severity) for severity in SEVERITIES},
        "findings": [
            {
                "severity": finding.severity,
                "kind": finding.kind,
                "split": finding.split,
                "clip": finding.clip,
                "message": finding.message,
            }
            for finding in check.findings
        ],
        "clips": check.clips,
        "hours": check.hours,
        "labels": check.counts,
        "chance": check.chance,
    }


def _print_tables(console: Console, check: TaskCheck, limit: int | None) -> None:
    console.print(Text(check.task.full_name, style="bold"), Text(summary(check)), soft_wrap=True)
    if check.findings:
        table = Table("", "kind", "what")
        for severity, kind, text in _rows(check, limit):
            table.add_row(Text(severity, style=STYLES[severity]), kind, Text(text, overflow="fold"))
        console.print(table)
    if check.counts:
        counts = Table("label")
        for split in check.clips:
            counts.add_column(Text(split), justify="right")
        for labels, row in _count_rows(check, limit):
            counts.add_row(Text(_short(labels)), *map(str, row))
        console.print(counts)
    console.print(Text(f"Chance: {_chance(check)}"), soft_wrap=True)


def _rows(check: TaskCheck, limit: int | None) -> Iterator[tuple[str, str, str]]:
    """Severity, kind and sentence of each finding, at most ``limit`` of a kind."""
    for kind, group in groupby(check.findings, key=lambda finding: finding.kind):
        findings: list[Finding] = list(group)
        for finding in findings[:limit]:
            yield finding.severity, kind, finding.message
        left = len(findings[limit:]) if limit is not None else 0
        if left:
            yield findings[0].severity, kind, f"and {left:,} more (--all prints them)"


def _count_rows(check: TaskCheck, limit: int | None) -> list[tuple[list[str], tuple[int, ...]]]:
    """Labels with equal counts, and their counts split by split."""
    alike: defaultdict[tuple[int, ...], list[str]] = defaultdict(list)
    for label, counts in check.counts.items():
        alike[tuple(counts.values())].append(label)
    rows = [(labels, counts) for counts, labels in alike.items()]
    left = sum(len(labels) for labels, _ in rows[limit:]) if limit is not None else 0
    more = [([f"and {left:,} more (--all prints them)"], ())] if left else []
    return rows[:limit] + more


def _count_lines(check: TaskCheck, limit: int | None) -> Iterator[str]:
    for labels, row in _count_rows(check, limit):
        counts = ", ".join(
            f"{split} {count}" for split, count in zip(check.clips, row, strict=False)
        )
        yield f"{_short(labels)}: {counts}" if row else _short(labels)


def _short(labels: Sequence[str]) -> str:
    """Three labels, and how many there are."""
    if len(labels) <= 4:
        return ", ".join(labels)
    return f"{', '.join(labels[:3])} and {len(labels) - 3} more, each"


def _chance(check: TaskCheck) -> str:
    levels = [
        f"{score} {'n/a' if level is None else f'{level:.3f}'}"
        for score, level in check.chance.items()
    ]
    return ", ".join(levels) or "n/a"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
