"""The table of a run: rows are modules, columns are tasks, a cell is the task's first score."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmark.protocol import Protocol
from benchmark.results import Cell, ModuleFacts, TaskFacts, speed
from benchmark.rows import FLOORS

FAMILIES = ("scene", "event", "pitch", "unknown")


@dataclass(frozen=True)
class Leaderboard:
    """Cells of one run, arranged.

    Attributes:
        modules: Rows, in the order they were asked for.
        tasks: Columns, by family.
        cells: By (row label, task name).
        protocol: How all of them were scored.
    """

    modules: list[ModuleFacts]
    tasks: list[TaskFacts]
    cells: dict[tuple[str, str], Cell]
    protocol: Protocol

    @staticmethod
    def of(cells: Sequence[Cell]) -> Leaderboard:
        """Arrange the cells of one run, of one protocol."""
        modules = {cell.module.label: cell.module for cell in cells}
        tasks = {cell.task.task: cell.task for cell in cells}
        by_family = sorted(tasks.values(), key=lambda task: FAMILIES.index(task.family))
        table = {(cell.module.label, cell.task.task): cell for cell in cells}
        return Leaderboard(list(modules.values()), by_family, table, cells[0].protocol)

    def row(self, module: ModuleFacts) -> list[Cell]:
        """A module's cells, in column order."""
        return [self.cells[module.label, task.task] for task in self.tasks]

    def best(self, task: TaskFacts) -> float | None:
        """The best score of a column, NaN left out."""
        values = [self.cells[module.label, task.task].primary for module in self.modules]
        finite = [value for value in values if value is not None and not math.isnan(value)]
        if not finite:
            return None
        return max(finite) if task.better == "higher" else min(finite)

    @property
    def has_mean(self) -> bool:
        """Whether a plain mean over tasks makes any sense: several, all with better = higher."""
        return len(self.tasks) > 1 and all(task.better == "higher" for task in self.tasks)

    def mean(self, module: ModuleFacts) -> float | None:
        """Plain mean of a row's scores, None if one of its cells failed."""
        values = [cell.primary for cell in self.row(module)]
        scores = [value for value in values if value is not None]
        return fmean(scores) if len(scores) == len(values) else None


def leaderboard_csv(board: Leaderboard) -> str:
    """The table with full precision; failed cells are empty (``scores.csv`` has the reasons)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    mean = ["mean_of_task_scores"] if board.has_mean else []
    tasks = [f"{task.task}:{task.score}" for task in board.tasks]
    others = ["parameters", "audio_seconds_per_second", "note", "notices"]
    writer.writerow(["label", "module", "checkpoint", *tasks, *mean, *others])
    notices = "; ".join(f"{task.task}: {task.notice}" for task in board.tasks if task.notice)
    for module in board.modules:
        cells = board.row(module)
        scores = [cell.primary for cell in cells]
        means = [board.mean(module)] if board.has_mean else []
        identity = [module.label, module.module, module.checkpoint]
        costs = [module.parameters, speed(cells)]
        writer.writerow([*identity, *scores, *means, *costs, module.note, notices])
    return text.getvalue()


def leaderboard_markdown(board: Leaderboard, title: str, command: str = "") -> str:
    """The table for GitHub, with everything a reader must know to trust it below."""
    made_by = [f"Made by `{command}`.", ""] if command else []
    columns = [_column_head(task) for task in board.tasks]
    mean = ["mean of the tasks' scores"] if board.has_mean else []
    head = ["", *columns, *mean, "parameters", "audio s / s"]
    failures = _numbered_failures(board)
    lines = [
        f"# {title}",
        "",
        *made_by,
        protocol_sentence(board.protocol),
        "",
        f"| {' | '.join(head)} |",
        "|:--" + "|--:" * (len(head) - 1) + "|",
        *(f"| {' | '.join(_row(board, module, failures))} |" for module in board.modules),
        "",
    ]
    numbered = [f"({number}) {reason}" for reason, number in failures.items()]
    notes = [*numbered, *table_notes(board), *_reading_notes(board)]
    return "\n".join([*lines, *(f"- {_escape(note)}" for note in notes), ""])


def score_name(task: TaskFacts) -> str:
    """A task's score and which way is better; nothing for a task that cannot be read."""
    return f"{task.score} {'↑' if task.better == 'higher' else '↓'}" if task.score else ""


def table_notes(board: Leaderboard) -> list[str]:
    """What must be said under every table: notices of tasks, notes of rows, which are floors."""
    notes = []
    notices = _tasks_by(board, lambda task: task.notice)
    notes += [f"† {tasks}: {notice}" for notice, tasks in notices.items()]
    notes += [
        f"{tasks}: the task's own metadata sets {names} of the heads, whatever the grid."
        for names, tasks in _tasks_by(board, lambda task: task.own_grid).items()
    ]
    for module in board.modules:
        if module.note:
            named = module.note.startswith(module.label)
            notes.append(module.note if named else f"{module.label}: {module.note}")
    floors = [module.label for module in board.modules if module.module in FLOORS]
    if floors:
        notes.append(f"Floors, to be beaten: {', '.join(floors)}.")
    return notes


def _tasks_by(board: Leaderboard, remark: Callable[[TaskFacts], str | None]) -> dict[str, str]:
    """Each remark once, with the names of the tasks that it is about."""
    names: dict[str, list[str]] = {}
    for task in board.tasks:
        if text := remark(task):
            names.setdefault(text, []).append(task.task)
    return {text: ", ".join(tasks) for text, tasks in names.items()}


def _reading_notes(board: Leaderboard) -> list[str]:
    notes = []
    if any(task.folds > 1 for task in board.tasks):
        notes.append("Scores of tasks with folds are means, ± the standard deviation over folds.")
    if board.has_mean:
        notes.append(
            "The mean is plain, over scores of different kinds; it is not HEAR's normalised score."
        )
    return notes


def protocol_sentence(protocol: Protocol) -> str:
    """How the scores were made."""
    published = "HEAR's published protocol"
    grid = published if protocol.grid == "default" else f"`--grid default` is {published}"
    return (
        f"HEAR downstream protocol (version {protocol.version}), grid `{protocol.grid}` ({grid}), "
        f"seed {protocol.seed}. Best of a column in bold. audio s / s: seconds of audio embedded "
        "per second on the machine that `scores.csv` names."
    )


def _numbered_failures(board: Leaderboard) -> dict[str, int]:
    """Each reason once, with its number: a module that cannot be loaded has one for all tasks."""
    failures: dict[str, int] = {}
    for module in board.modules:
        for cell in board.row(module):
            if cell.reason:
                failures.setdefault(f"{module.label}: {cell.reason}", len(failures) + 1)
    return failures


def _row(board: Leaderboard, module: ModuleFacts, failures: dict[str, int]) -> list[str]:
    cells = board.row(module)
    scores = [
        f"failed ({failures[f'{module.label}: {cell.reason}']})"
        if cell.reason
        else _score(cell, board.best(cell.task))
        for cell in cells
    ]
    mean = [_number(board.mean(module))] if board.has_mean else []
    speeds = speed(cells)
    costs = [_count(module.parameters), "" if speeds is None else f"{speeds:,.0f}"]
    return [_escape(module.label), *scores, *mean, *costs]


def _column_head(task: TaskFacts) -> str:
    folds = f", {task.folds} folds" if task.folds > 1 else ""
    mark = " †" if task.notice else ""
    return f"{task.family}{folds}<br>{_escape(task.task)}{mark}<br>{score_name(task)}"


def _score(cell: Cell, best: float | None) -> str:
    text = _number(cell.primary)
    if best is not None and text == _number(best):  # equal as printed is equal
        text = f"**{text}**"
    std = cell.std(cell.task.score)
    return text if std is None else f"{text} ± {_number(std)}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _count(value: int | None) -> str:
    if value is None:
        return ""
    return f"{value / 1e6:.1f} M" if value >= 100_000 else str(value)


def _escape(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
