"""Groups of rows over training seeds: a section of ``leaderboard.md``, and two CSV tables.

The CSV tables, ``leaderboard_seeds.csv`` and ``leaderboard_seed_pairs.csv``, are written where
groups are named. Their columns are documented here; ``results/README.md`` repeats it for readers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchmark.report.numbers import or_none, p_text, score_text
from benchmark.report.seed_groups import (
    HOW_TO_READ,
    GroupedTask,
    SeedGroups,
    interval_text,
    signed,
)
from benchmark.report.tables.markdown import ABSENT, escape, markdown_table
from benchmark.statistics.training_seeds import GroupDifference, GroupScore
from msssl_common.csv_tables import csv_table
from msssl_common.messages import printable_name

SEEDS_HEAD = "## Over training seeds"
SCORE_COLUMNS = {
    "task": "folder name of the task, or mean over tasks",
    "score": "name of its first score; score for the mean over tasks",
    "group": "name of the group",
    "rows": "labels of its rows that have a score",
    "encoders": "how many",
    "mean": "mean of their scores",
    "low": "lower bound of its 95 % interval: over training seeds and test clips; of one encoder "
    "over clips alone",
    "high": "upper bound",
    "spread": "standard deviation over the encoders (ddof 1); empty for one",
    "error_training": "standard error of the mean that is from training seeds; 0 for one encoder",
    "error_clips": "standard error that is from the test clips, in what they do to all rows alike",
}
PAIR_COLUMNS = {
    "task": "folder name of the task, or mean over tasks",
    "score": "name of its first score; score for the mean over tasks",
    "a": "a group",
    "b": "another",
    "encoders_a": "encoders of a that have a score",
    "encoders_b": "encoders of b that have a score",
    "paired": "true if both groups are the same encoders, read out in two ways, which are compared "
    "one by one",
    "difference": "mean of a less that of b",
    "low": "lower bound of its 95 % interval, not corrected for the number of pairs",
    "high": "upper bound",
    "p": "two-sided p-value of no difference over training seeds and test clips",
    "p_holm": "the same after Holm's correction over all pairs of the task",
    "verdict": "above (a is better, p_holm at most 0.05), below, not told apart, or not tested",
}


def seeds_csv(groups: SeedGroups) -> str:
    """A row per task and group."""
    return csv_table(
        list(SCORE_COLUMNS),
        (_score_row(task, score) for task in groups.tasks for score in task.scores),
    )


def seed_pairs_csv(groups: SeedGroups) -> str:
    """A row per task and pair of groups."""
    return csv_table(
        list(PAIR_COLUMNS),
        (_pair_row(task, pair) for task in groups.tasks for pair in task.differences),
    )


def _score_row(task: GroupedTask, score: GroupScore) -> dict[str, object]:
    low, high = score.interval
    return {
        "task": task.name,
        "score": task.score,
        "group": score.group,
        "rows": "; ".join(score.rows),
        "encoders": len(score.rows),
        "mean": score.mean,
        "low": or_none(low),
        "high": or_none(high),
        "spread": or_none(score.spread),
        "error_training": math.sqrt(score.error.training) if score.error else None,
        "error_clips": math.sqrt(score.error.clips) if score.error else None,
    }


def _pair_row(task: GroupedTask, pair: GroupDifference) -> dict[str, object]:
    encoders = {score.group: len(score.rows) for score in task.scores}
    low, high = pair.interval
    return {
        "task": task.name,
        "score": task.score,
        "a": pair.a,
        "b": pair.b,
        "encoders_a": encoders[pair.a],
        "encoders_b": encoders[pair.b],
        "paired": "true" if pair.paired else "false",
        "difference": pair.value,
        "low": or_none(low),
        "high": or_none(high),
        "p": or_none(pair.p),
        "p_holm": or_none(pair.adjusted),
        "verdict": pair.verdict,
    }


def over_seeds_markdown(groups: SeedGroups) -> str:
    """The section: a table of groups, a table of pairs, what must be said; empty without groups."""
    if not groups.rows and not groups.cautions:
        return ""
    parts = [SEEDS_HEAD]
    if groups.rows:
        rows = "; ".join(f"{name}: {', '.join(labels)}" for name, labels in groups.rows.items())
        head = [f"{_name(task.name)}<br>{escape(task.score)}" for task in groups.tasks]
        parts += [
            f"Groups of encoders that differ in the seed of their training. {escape(rows)}.",
            "\n".join(markdown_table(["", *head], list(_score_rows(groups)))),
        ]
        if groups.pairs:
            parts.append("\n".join(markdown_table(["a − b", *head], list(_pair_rows(groups)))))
        parts.append(HOW_TO_READ)
    parts.append("\n".join(f"- {escape(caution)}" for caution in groups.cautions))
    return "\n\n".join(part for part in parts if part) + "\n"


def _score_rows(groups: SeedGroups) -> Iterator[list[str]]:
    for name in groups.rows:
        scores = [task.of(name) for task in groups.tasks]
        yield [_name(name), *("<br>".join(score_lines(s)) if s else ABSENT for s in scores)]


def _pair_rows(groups: SeedGroups) -> Iterator[list[str]]:
    for a, b in groups.pairs:
        found = [task.between(a, b) for task in groups.tasks]
        cells = ["<br>".join(pair_lines(pair)) if pair else ABSENT for pair in found]
        yield [f"{_name(a)} − {_name(b)}", *(cell.replace("<0", "&lt;0") for cell in cells)]


def mean_text(score: GroupScore) -> str:
    """``"0.812 ± 0.013"``; one encoder has no deviation."""
    mean = score_text(score.mean)
    return mean if math.isnan(score.spread) else f"{mean} ± {score_text(score.spread)}"


def score_lines(score: GroupScore) -> list[str]:
    """A group's mean with its deviation, interval and number of encoders, a line each."""
    count = len(score.rows)
    encoders = "1 encoder" if count == 1 else f"{count} training seeds"
    return [
        mean_text(score),
        *([text] if (text := interval_text(score.interval)) else []),
        encoders,
    ]


def pair_lines(pair: GroupDifference) -> list[str]:
    """A difference, its interval, and p with the verdict, a line each."""
    lines = [signed(pair.value)]
    if text := interval_text(pair.interval, sign=True):
        lines.append(text)
    verdict: str = pair.verdict
    if not math.isnan(pair.adjusted):
        verdict = f"{verdict}, p {p_text(pair.adjusted)}"
    return [*lines, verdict]


def _name(text: str) -> str:
    return escape(printable_name(text))
