"""Groups of rows that differ in the seed of their training alone, and how sure their scores are.

The user names the groups (``msbench report --group``). A results folder keeps them in
``groups.yaml``, so that its tables have them whenever they are written again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml

from benchmark.report.numbers import score_text
from benchmark.results.cells import ModuleFacts, TaskFacts
from benchmark.results.leaderboard import ResultTable
from benchmark.statistics import Interval, Replicates
from benchmark.statistics.training_seeds import (
    GroupDifference,
    GroupScore,
    group_scores,
    mean_over_tasks,
)
from msssl_common.files import write_text
from msssl_common.yaml_files import read_yaml_table

GROUPS_FILE = "groups.yaml"
OVERALL = "mean over tasks"

# Scores that are shares between 0 and 1, the higher the better: they can be averaged over tasks.
SHARES = frozenset(
    {
        *("top1_acc", "pitch_acc", "chroma_acc", "mAP", "aucroc"),
        *("event_onset_200ms_fms", "event_onset_50ms_fms", "event_onset_offset_50ms_20perc_fms"),
    }
)

HOW_TO_READ = (
    "A group: mean of its encoders ± their standard deviation, and the 95 % interval for other "
    "training seeds and other test clips. a − b: difference of two means with its interval, which "
    "is not corrected for the number of pairs; a is above or below b where p, after Holm's "
    "correction over the pairs of the task, is at most 0.05."
)


@dataclass(frozen=True)
class GroupedTask:
    """One column: a task, or the mean over tasks.

    Attributes:
        name: Folder name of the task, or `OVERALL`.
        score: Name of its first score; of `OVERALL` "score".
        scores: A group each.
        differences: A pair of groups each.
    """

    name: str
    score: str
    scores: list[GroupScore]
    differences: list[GroupDifference]

    def of(self, group: str) -> GroupScore | None:
        """A group's score; None if it has none here."""
        return next((score for score in self.scores if score.group == group), None)

    def between(self, a: str, b: str) -> GroupDifference | None:
        """A pair's difference; None if one has no score here."""
        return next((pair for pair in self.differences if (pair.a, pair.b) == (a, b)), None)


@dataclass(frozen=True)
class SeedGroups:
    """What the tables "Over training seeds" show.

    Attributes:
        rows: Row labels of each group, in the order of the groups.
        tasks: Columns; `OVERALL` comes last, where there are two tasks that can be averaged.
        cautions: What must be said beside them, a sentence each.
    """

    rows: dict[str, tuple[str, ...]]
    tasks: list[GroupedTask]
    cautions: list[str]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """All pairs of groups."""
        names = list(self.rows)
        return [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]


class WantedGroups(NamedTuple):
    """Groups that were named.

    Attributes:
        rows: By the group's name, labels of rows or patterns of them (``multi-*``).
        kept: Whether they are from an earlier report. Those that no longer fit are then said
            beside the tables, and are no error.
    """

    rows: Mapping[str, Sequence[str]]
    kept: bool = False


def kept_groups(folder: Path) -> WantedGroups | None:
    """The groups that a results folder keeps; None if it has none.

    Raises:
        ValueError: The file is damaged.
    """
    path = folder / GROUPS_FILE
    if not path.exists():
        return None
    groups = read_yaml_table(path, "a file of groups")
    for name, rows in groups.items():
        if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
            raise ValueError(f"{path}: {str(name)[:80]} must be a list of row labels")
    return WantedGroups({str(name): rows for name, rows in groups.items()}, kept=True)


def keep_groups(folder: Path, groups: Mapping[str, Sequence[str]]) -> None:
    """Keep them for the next time that the folder's tables are written."""
    content = {name: list(rows) for name, rows in groups.items()}
    write_text(folder / GROUPS_FILE, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def rows_of_groups(
    groups: Mapping[str, Sequence[str]], modules: Sequence[ModuleFacts]
) -> dict[str, list[ModuleFacts]]:
    """The rows that the groups name.

    Args:
        groups: As in `WantedGroups`.
        modules: All rows.

    Raises:
        ValueError: A label or pattern that fits no row, a row in two groups, or two rows of a group
            with the same weights, which are not of two trainings.
    """
    found: dict[str, list[ModuleFacts]] = {}
    owner: dict[str, str] = {}
    for name, wanted in groups.items():
        labels = {label for each in wanted for label in _fitting(name, each, modules)}
        found[name] = [module for module in modules if module.label in labels]
        for label in labels:
            if (other := owner.setdefault(label, name)) != name:
                raise ValueError(f"the row {label!r} is in two groups, {other} and {name}")
        _check_weights(name, found[name])
    return found


def _fitting(group: str, wanted: str, modules: Sequence[ModuleFacts]) -> list[str]:
    """The label that is the wanted one, or else those that fit it as a pattern."""
    labels = [module.label for module in modules]
    if wanted in labels:
        return [wanted]
    fitting = [label for label in labels if fnmatchcase(label, wanted)]
    if not fitting:
        there = ", ".join(labels)
        raise ValueError(f"group {group}: no row is called {wanted!r}; there are: {there}")
    return fitting


def _check_weights(group: str, rows: Sequence[ModuleFacts]) -> None:
    """One training under two names would pass for two that agree."""
    labels: dict[str, str] = {}
    for row in rows:
        other = labels.setdefault(row.weights_hash or row.label, row.label)
        if other != row.label:
            raise ValueError(
                f"group {group}: {other!r} and {row.label!r} have the same weights, so they are "
                "not two trainings: name one of them, or narrow the pattern"
            )


def seed_groups(
    board: ResultTable, resampled: Mapping[str, Replicates], wanted: WantedGroups
) -> SeedGroups:
    """Score the groups on every task that has predictions.

    Args:
        board: The table.
        resampled: By task name.
        wanted: The groups.

    Raises:
        ValueError: As `rows_of_groups`, of groups that are not kept from an earlier report.
    """
    try:
        found = rows_of_groups(wanted.rows, board.modules)
    except ValueError as error:
        if not wanted.kept:
            raise
        return SeedGroups({}, [], [f"No table over training seeds ({GROUPS_FILE}): {error}."])
    rows = {name: tuple(row.label for row in group) for name, group in found.items()}
    trainings = {row.label: row.weights_hash for group in found.values() for row in group}
    there = [task for task in board.tasks if task.task in resampled]
    tasks = [
        GroupedTask(task.task, task.score, *group_scores(resampled[task.task], rows, trainings))
        for task in there
    ]
    averaged = [task for task in there if task.score in SHARES]
    if len(averaged) > 1 and (mean := mean_over_tasks([resampled[t.task] for t in averaged])):
        tasks.append(GroupedTask(OVERALL, "score", *group_scores(mean, rows, trainings)))
    tasks = [_within_range(task) for task in tasks]
    return SeedGroups(rows, tasks, _cautions(board, rows, tasks, averaged))


def _within_range(task: GroupedTask) -> GroupedTask:
    """Intervals of shares end at 0 and 1; bounds of NaN stay."""
    if task.name != OVERALL and task.score not in SHARES:
        return task
    scores = [
        replace(score, interval=Interval(*np.clip(score.interval, 0.0, 1.0).tolist()))
        for score in task.scores
    ]
    return replace(task, scores=scores)


def _cautions(
    board: ResultTable,
    rows: Mapping[str, Sequence[str]],
    tasks: Sequence[GroupedTask],
    averaged: Sequence[TaskFacts],
) -> list[str]:
    said = []
    if alone := [name for name, labels in rows.items() if len(labels) == 1]:
        said.append(
            f"{', '.join(alone)}: one encoder. Intervals and tests are about this encoder on other "
            "test clips, and say nothing of other trainings."
        )
    paired = [(pair.a, pair.b) for task in tasks for pair in task.differences if pair.paired]
    said += [
        f"{a} and {b} are the same encoders, and are compared encoder by encoder."
        for a, b in dict.fromkeys(paired)
    ]
    for task in tasks:
        for name, labels in rows.items():
            score = task.of(name)
            absent = [label for label in labels if not score or label not in score.rows]
            if absent:
                said.append(
                    f"{name}, {task.name}: without {', '.join(absent)}, which has no score."
                )
    left_out = [task.task for task in board.tasks if task not in averaged]
    if tasks and tasks[-1].name == OVERALL and left_out:
        said.append(
            f"The mean over tasks is without {', '.join(left_out)}: the score is no share of 1, or "
            "there are no predictions."
        )
    return said


def signed(value: float) -> str:
    """``"+0.012"`` or ``"−0.012"``: a difference, with a real minus sign."""
    text = score_text(value)
    plus = "+" if value > 0 and float(text) != 0 else ""
    return plus + text.replace("-", "−")


def interval_text(interval: Interval, sign: bool = False) -> str:
    """``"[0.120, 0.340]"``; empty where there is none."""
    if math.isnan(interval.low):
        return ""
    write = signed if sign else score_text
    return f"[{write(interval.low)}, {write(interval.high)}]"
