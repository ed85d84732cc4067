"""Groups over training seeds of a committed board, from its two tables."""

import math
from pathlib import Path

from benchmark.report.seed_groups import GroupedTask, SeedGroups
from benchmark.results.cells import better
from benchmark.statistics import Interval
from benchmark.statistics.training_seeds import GroupDifference, GroupScore
from msssl_common.csv_tables import read_csv_table

Row = dict[str, str]


def read_seed_groups(folder: Path, lines: list[str]) -> SeedGroups | None:
    """What the board says over training seeds; None where it has no groups.

    Args:
        folder: Of the board.
        lines: Of the section in ``leaderboard.md``; its bullets are the cautions.
    """
    scores, pairs = (folder / f"leaderboard_{name}.csv" for name in ("seeds", "seed_pairs"))
    if not scores.exists():
        return None
    tasks: dict[tuple[str, str], GroupedTask] = {}
    labels: dict[str, list[str]] = {}
    for row in read_csv_table(scores.read_text(encoding="utf-8")):
        task = tasks.setdefault(_task(row), GroupedTask(*_task(row), [], []))
        task.scores.append(_score(row))
        labels.setdefault(row["group"], []).extend(row["rows"].split("; "))
    for row in read_csv_table(pairs.read_text(encoding="utf-8")):
        tasks[_task(row)].differences.append(_difference(row))
    groups = {name: tuple(dict.fromkeys(rows)) for name, rows in labels.items()}
    cautions = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    return SeedGroups(groups, list(tasks.values()), cautions)


def _task(row: Row) -> tuple[str, str]:
    return row["task"], row["score"]


def _score(row: Row) -> GroupScore:
    rows = tuple(row["rows"].split("; "))
    mean, spread = float(row["mean"]), _number(row["spread"])
    return GroupScore(row["group"], rows, mean, spread, _interval(row), None)


def _difference(row: Row) -> GroupDifference:
    return GroupDifference(
        a=row["a"],
        b=row["b"],
        value=float(row["difference"]),
        interval=_interval(row),
        p=_number(row["p"]),
        adjusted=_number(row["p_holm"]),
        better=better(row["score"]),
        paired=row["paired"] == "true",
    )


def _interval(row: Row) -> Interval:
    return Interval(_number(row["low"]), _number(row["high"]))


def _number(text: str) -> float:
    """NaN for an empty field."""
    return float(text) if text else math.nan
