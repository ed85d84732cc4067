"""The leaderboard: a table of scores with intervals, ranks, overall scores and published rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from benchmark.models.specs import FLOORS
from benchmark.report.merged_cells import CellFile, merged, read_cells
from benchmark.report.overall import overall_of_tasks
from benchmark.report.published import MATCHED_BY, PublishedScore, published_for, published_label
from benchmark.report.ranks import column_ranks
from benchmark.report.resampling import resample
from benchmark.report.seed_groups import SeedGroups, WantedGroups, rows_of_groups, seed_groups
from benchmark.report.title import default_title
from benchmark.results.cells import Cell, ModuleFacts, TaskFacts
from benchmark.results.leaderboard import FAMILIES, Entry, ResultTable
from benchmark.statistics import (
    Comparisons,
    Interval,
    Overall,
    RankRange,
    Replicates,
    compare_models,
    rank_ranges,
)


@dataclass(frozen=True)
class Standing:
    """One model on one task.

    Attributes:
        entry: Its cells over seeds.
        interval: 95 % bootstrap interval over test clips of the first score's mean over folds and
            seeds; None for failed cells, undefined scores and cells without predictions.
        ranks: Which ranks it may have among the rows run here that have one; None as above, and
            for a row that no other can be compared with.
        remark: Why the score is undefined, or which rule filled a gap; mostly empty.
    """

    entry: Entry
    interval: Interval | None
    ranks: RankRange | None
    remark: str = ""

    @property
    def not_run(self) -> bool:
        """Whether nobody ran this model on this task."""
        return self.entry.not_run


class Score(NamedTuple):
    """A model's score on a task, for Python callers.

    Attributes:
        value: The task's first score, mean over folds and seeds; None if the cell failed.
        low: Lower bound of its 95 % bootstrap interval over test clips; None if there is none.
        high: Upper bound.
        ranks: First and last rank that the paired tests leave open; None if there are none.
        reason: Why the cell failed; None if it did not.
    """

    value: float | None
    low: float | None
    high: float | None
    ranks: tuple[int, int] | None
    reason: str | None


@dataclass(frozen=True)
class Leaderboard:
    """Everything that a leaderboard shows, whatever it is drawn with.

    Attributes:
        title: Of the page.
        board: Rows, best first, and columns; every place has an entry.
        standings: By (row label, task name).
        comparisons: Paired tests by task name, of the rows with predictions and a defined score,
            under their labels. Tasks without such rows are not in it.
        overall: Best first, rows by their labels, published ones by `published_label`; rows that
            lack a score are not in it. Empty where there are fewer than two tasks with scores.
        published: By task name; tasks that no published score matches have an empty list.
        cautions: What must be said under every table.
        commands: What made the runs, as far as their cells know.
        over_seeds: Groups of rows that differ in the seed of their training; None without groups.
    """

    title: str
    board: ResultTable
    standings: dict[tuple[str, str], Standing]
    comparisons: dict[str, Comparisons]
    overall: list[Overall]
    published: dict[str, list[PublishedScore]]
    cautions: list[str]
    commands: list[str]
    over_seeds: SeedGroups | None = None

    def score(self, label: str, task: str) -> Score:
        """The score of a row on a task.

        Args:
            label: The row's label, as in the tables.
            task: The task's folder name.

        Raises:
            KeyError: There is no such row or task; the message says which there are.
        """
        if (label, task) not in self.standings:
            rows = ", ".join(module.label for module in self.board.modules)
            tasks = ", ".join(facts.task for facts in self.board.tasks)
            raise KeyError(f"No row {label!r} on {task!r}; rows: {rows}; tasks: {tasks}")
        standing = self.standings[label, task]
        interval, ranks = standing.interval, standing.ranks
        known = interval is not None and not math.isnan(interval.low)
        return Score(
            standing.entry.primary,
            interval.low if interval and known else None,
            interval.high if interval and known else None,
            (ranks.first, ranks.last) if ranks else None,
            standing.entry.reason,
        )

    @property
    def failures(self) -> list[Cell]:
        """The cells that failed; each has the reason."""
        entries = self.board.entries.values()
        return [
            cell for entry in entries if not entry.not_run for cell in entry.cells if cell.reason
        ]

    def rows(self) -> list[dict[str, object]]:
        """A row per model and task, as in ``leaderboard_long.csv``; for ``pandas.DataFrame``."""
        from benchmark.report.tables.long import long_rows  # it needs this class

        return list(long_rows(self))

    def overall_of(self, label: str) -> Overall | None:
        """The overall scores of a row; None if it has none, or no other row to be set against."""
        return next((overall for overall in self.compared if overall.model == label), None)

    def row_score(self, label: str) -> tuple[float | None, Interval | None]:
        """The score that stands for a row: of the only task, or else the normalised overall score.

        Returns:
            The score and its interval; None for what the row does not have.
        """
        if len(self.board.tasks) == 1:
            standing = self.standings[label, self.board.tasks[0].task]
            return standing.entry.primary, standing.interval
        overall = self.overall_of(label)
        return (overall.normalised, overall.normalised_interval) if overall else (None, None)

    @property
    def compared(self) -> list[Overall]:
        """The overall scores that say something: of one row alone they are 0 and rank 1 always."""
        return self.overall if len(self.overall) > 1 else []

    @cached_property
    def ranks(self) -> dict[str, dict[str, RankRange]]:
        """By task and row label, over all rows that the column can compare, published ones too."""
        found = {}
        for task in self.board.tasks:
            places = {m.label: self.standings[m.label, task.task] for m in self.board.modules}
            found[task.task] = column_ranks(
                self.comparisons.get(task.task),
                {label: place.interval for label, place in places.items() if place.interval},
                self.published.get(task.task, ()),
                task.better == "lower",
            )
        return found

    def is_best(self, label: str, task: str, here: bool = False) -> bool:
        """Whether no other row is significantly better; without tests, whether no score is higher.

        A row that nothing can be compared with is not the best. Scores that are equal as printed,
        to three decimals, are equal.

        Args:
            label: Of a row, published ones by `published_label`.
            task: The task's folder name.
            here: Compare only with the rows run here.
        """
        if task in self.comparisons:
            place = self.standings.get((label, task))
            ranks = self.ranks[task].get(label)
            if here:
                ranks = place.ranks if place else None
            return ranks is not None and ranks.first == 1
        scores = self.scores(task, here)
        score, (facts,) = scores.get(label), [t for t in self.board.tasks if t.task == task]
        if score is None or len(scores) < 2:
            return False
        best = max(scores.values()) if facts.better == "higher" else min(scores.values())
        return f"{score:.3f}" == f"{best:.3f}"

    def scores(self, task: str, here: bool = False) -> dict[str, float]:
        """Scores of a column that are numbers, by row label; published ones unless ``here``.

        A published score with a note says nothing of its model and is left out.
        """
        own = {m.label: self.standings[m.label, task].entry.primary for m in self.board.modules}
        scores = {k: v for k, v in own.items() if v is not None and not math.isnan(v)}
        published = () if here else self.published.get(task, ())
        return scores | {published_label(row.model): row.value for row in published if not row.note}


def read_leaderboard(
    folders: Sequence[Path],
    advance: Callable[[int, int], None] | None = None,
    title: str = "",
    groups: WantedGroups | None = None,
) -> Leaderboard:
    """Read one or several results folders; nothing but their files is needed.

    Rows and columns of all folders make one table (see `benchmark.report.merged_cells`).

    Args:
        folders: Results folders.
        advance: Called with (done, total) as the tasks are resampled.
        title: Of the page; by default made of tasks, rows and date.
        groups: Rows that differ in the seed of their training.

    Raises:
        FileNotFoundError: A folder without results.
        ValueError: Files that cannot stand in one table, or that this version cannot read; groups
            that do not fit the rows.
    """
    read = [read_cells(folder) for folder in folders]
    files = [file for found in read for file in found.files]
    unread = [caution for found in read for caution in found.cautions]
    return leaderboard_of_cells(files, title, unread, advance, groups)


def leaderboard_of_cells(
    files: Sequence[CellFile],
    title: str = "",
    cautions: Sequence[str] = (),
    advance: Callable[[int, int], None] | None = None,
    groups: WantedGroups | None = None,
) -> Leaderboard:
    """The same for cells that have been read.

    Args:
        files: At least one.
        title: As above.
        cautions: What is known already.
        advance: As above.
        groups: As above.
    """
    files = merged(files)
    board = _arranged(files)
    if groups and not groups.kept:
        rows_of_groups(groups.rows, board.modules)  # before the clips, which can take minutes
    published = {
        task.task: published_for(
            task.task, task.score, board.protocol, _clips(board, task), task.folds
        )
        for task in board.tasks
    }
    resampled, remarks, unpredicted = resample(board, files, advance)
    comparisons = {
        task: compare_models(defined)
        for task, replicates in resampled.items()
        if (defined := replicates.defined)
    }
    overall = overall_of_tasks(board, resampled, published)
    return Leaderboard(
        title=title or default_title(board),
        board=replace(board, modules=_best_first(board, overall)),
        standings=_standings(board, resampled, comparisons, remarks),
        comparisons=comparisons,
        overall=overall,
        published=published,
        cautions=[
            *cautions,
            *unpredicted,
            *_few_clips(resampled, comparisons),
            *_board_cautions(board),
            *([MATCHED_BY] if any(published.values()) else []),
        ],
        commands=_commands(files),
        over_seeds=seed_groups(board, resampled, groups) if groups else None,
    )


def _clips(board: ResultTable, task: TaskFacts) -> int | None:
    """Number of a task's clips, as its finished cells have it; None if there are none."""
    cells = [cell for m in board.modules for cell in board.entries[m.label, task.task].cells]
    return next((cell.cost.clips for cell in cells if cell.cost), None)


def _arranged(files: Sequence[CellFile]) -> ResultTable:
    """The table in an order that does not depend on that of the files; floors come last."""
    cells = sorted((file.cell for file in files), key=lambda cell: cell.protocol.seed)
    board = ResultTable.of(cells)
    return replace(
        board,
        modules=sorted(board.modules, key=lambda module: (module.module in FLOORS, module.label)),
        tasks=sorted(board.tasks, key=lambda task: (FAMILIES.index(task.family), task.task)),
    )


def _standings(
    board: ResultTable,
    resampled: dict[str, Replicates],
    comparisons: dict[str, Comparisons],
    remarks: dict[tuple[str, str], str],
) -> dict[tuple[str, str], Standing]:
    ranks = {
        task: rank_ranges(tests) for task, tests in comparisons.items() if len(tests.models) > 1
    }
    tested = {task: tests.models for task, tests in comparisons.items()}
    return {
        (label, task): Standing(
            entry,
            resampled[task].interval(label) if label in tested.get(task, ()) else None,
            ranks.get(task, {}).get(label),
            remarks.get((label, task), ""),
        )
        for (label, task), entry in board.entries.items()
    }


def _best_first(board: ResultTable, overall: Sequence[Overall]) -> list[ModuleFacts]:
    """By the overall score, or by a single task's score; others follow by name, floors last."""
    order = [row.model for row in overall]
    if not order and len(board.tasks) == 1:
        (task,) = board.tasks
        sign = -1 if task.better == "higher" else 1
        scores = {module.label: board.row(module)[0].primary for module in board.modules}
        known = {k: v for k, v in scores.items() if v is not None and not math.isnan(v)}
        order = sorted(known, key=lambda label: sign * known[label])
    place = {label: index for index, label in enumerate(order)}
    return sorted(board.modules, key=lambda module: place.get(module.label, len(order)))


def _commands(files: Sequence[CellFile]) -> list[str]:
    """Each command once, by the date of the first cell it made."""
    cells = sorted((file.cell for file in files), key=lambda cell: cell.date)
    return list(dict.fromkeys(cell.command for cell in cells if cell.command))


def _few_clips(resampled: dict[str, Replicates], comparisons: dict[str, Comparisons]) -> list[str]:
    return [text for task in comparisons if (text := resampled[task].caution)]


def _board_cautions(board: ResultTable) -> list[str]:
    """What merged runs do not have in common."""
    cautions = []
    for (label, task), entry in board.entries.items():
        seeds = [cell.protocol.seed for cell in entry.cells]
        if not entry.reason and seeds != board.seeds:
            ran = ", ".join(map(str, seeds))
            cautions.append(f"{label} on {task} was run with seed {ran} only.")
    machines = {cell.machine for entry in board.entries.values() for cell in entry.cells}
    if len(machines - {""}) > 1:
        cautions.append(
            "Cells were made on different machines, so that their speed and memory do not compare."
        )
    return cautions
